using Hosting.Settings;

namespace ApiGateway.Host;

/// <summary>The settings of a gateway process.</summary>
public static class GatewaySettings
{
    public static IReadOnlyList<Setting> Own { get; } =
    [
        new("Gateway:ListenClientUrls", SettingKind.ClientUrls, "http://127.0.0.1:2379", "where clients are served, between commas"),
        new("Gateway:AdvertiseClientUrls", SettingKind.Text, "", "URLs shown for this member in member lists, between commas; empty: those that consensus knows"),
        new("Gateway:Member", SettingKind.Text, "", "name of the consensus member that clients take this gateway for; empty: the first that it hears"),
        new("Gateway:Metrics", SettingKind.Choice, "basic", "extensive: time each gRPC method") { Choices = ["basic", "extensive"] },
        new("Gateway:AuthToken", SettingKind.Text, "simple", "tokens of users who have logged in: simple, or jwt,pub-key=..,priv-key=..,sign-method=..,ttl=.."),
        new("Gateway:AuthTokenTtl", SettingKind.Count, "300", "seconds that a simple token lives after its last use") { Max = uint.MaxValue },
        new("Gateway:BcryptCost", SettingKind.Count, "10", "rounds of hashing a password, as a power of two: 4 to 31, anything else is 10") { Max = uint.MaxValue },
        new("Gateway:Cors", SettingKind.Text, "*", "origins, between commas, whose pages a browser may let call this server"),
        new("Gateway:HostWhitelist", SettingKind.Text, "*", "host names, between commas, under which this server may be asked without TLS"),
        new("Gateway:ServesJson", SettingKind.Flag, "true", "serve JSON below /v3/"),
        new("Gateway:StopDelay", SettingKind.Duration, "0s", "how long it serves on once it is told to stop, while whoever spreads clients takes notice; at most 2s"),
        new("Gateway:V2MappingPrefix", SettingKind.Text, "", "v2 keys are v3 keys: this prefix, then the path; for good"),
        new("Gateway:WarningRequestDuration", SettingKind.Duration, "300ms", "a request that takes longer is told of in the log, with where its time went"),
        new("Gateway:MaxWatchesPerStream", SettingKind.Count, "1000000", "most watches of a stream") { Min = 1 },
        new("Gateway:MaxWatchesPerConnection", SettingKind.Count, "2000000", "most watches of a connection") { Min = 1 },
        new("Gateway:MaxWatches", SettingKind.Count, "10000000", "most watches of all clients of this gateway") { Min = 1 },
        new("Gateway:MaxLeases", SettingKind.Count, "10000000", "most leases that there may be for another to be granted") { Min = 1 },
        new("Gateway:MaxAnswerBytes", SettingKind.Count, "2147483648", "bytes of large answers that may wait for clients to take them") { Min = 1 },
        new("Gateway:MaxAnswerBytesPerConnection", SettingKind.Count, "536870912", "the same for one connection") { Min = 1 },
        .. ProcessSettings.Tls("Gateway:Tls"),
    ];

    public static IReadOnlyList<Setting> All { get; } = [.. ProcessSettings.All, .. ProcessSettings.Services("Consensus", "Storage", "WatchHub", "LeaseManager"), .. Own];
}
