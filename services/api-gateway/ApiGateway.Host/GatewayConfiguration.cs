using System.Globalization;
using System.Net;
using ApiGateway.Host.Auth;
using Hosting;
using Hosting.Durations;
using Hosting.Listening;
using Hosting.Tls;

namespace ApiGateway.Host;

/// <summary>Reads the gateway's part of a process's configuration: <c>Gateway:ListenClientUrls</c>, <c>Gateway:AdvertiseClientUrls</c>, <c>Gateway:Member</c>, <c>Gateway:Metrics</c>,
/// <c>Gateway:StopDelay</c> (a duration, at most 2s), <c>Gateway:AuthToken</c>, <c>Gateway:AuthTokenTtl</c> (seconds), <c>Gateway:BcryptCost</c>, <c>Gateway:Cors</c>, <c>Gateway:HostWhitelist</c>, <c>Gateway:ServesJson</c>, <c>Gateway:V2MappingPrefix</c>,
/// <c>Gateway:WarningRequestDuration</c> (a duration as in etcd's flags),
/// and its bounds: <c>Gateway:MaxWatchesPerStream</c>, <c>MaxWatchesPerConnection</c>, <c>MaxWatches</c>, <c>MaxLeases</c>, <c>MaxAnswerBytes</c>, <c>MaxAnswerBytesPerConnection</c>.</summary>
public static class GatewayConfiguration
{
    // With what clients get to leave it has to fit into what a stop may take in all.
    private static readonly TimeSpan s_maxStopDelay = TimeSpan.FromSeconds(2);

    /// <summary>Options from configuration; lists are separated by commas.</summary>
    /// <exception cref="ConfigurationException">A setting that is none.</exception>
    public static GatewayOptions Read(IConfiguration configuration)
    {
        var options = new GatewayOptions();
        options.ListenClientUrls = List(configuration["Gateway:ListenClientUrls"]) ?? options.ListenClientUrls;
        options.AdvertiseClientUrls = List(configuration["Gateway:AdvertiseClientUrls"]) ?? options.AdvertiseClientUrls;
        options.ExtensiveMetrics = configuration["Gateway:Metrics"] switch
        {
            null or "" or "basic" => false,
            "extensive" => true,
            var other => throw new FormatException($"Gateway:Metrics is \"{other}\", not basic or extensive"),
        };
        options.StopDelay = StopDelay(configuration["Gateway:StopDelay"]);
        options.AuthToken = configuration["Gateway:AuthToken"] ?? options.AuthToken;
        TokenFactory.Require(options.AuthToken);
        if (configuration["Gateway:AuthTokenTtl"] is { } seconds)
            options.AuthTokenTimeToLive = TimeSpan.FromSeconds(Number("Gateway:AuthTokenTtl", seconds));
        if (configuration["Gateway:BcryptCost"] is { } cost)
            options.BcryptCost = Passwords.CostOf(Number("Gateway:BcryptCost", cost));
        options.CorsOrigins = List(configuration["Gateway:Cors"]) ?? options.CorsOrigins;
        options.HostWhitelist = List(configuration["Gateway:HostWhitelist"]) ?? options.HostWhitelist;
        options.Member = configuration["Gateway:Member"] ?? options.Member;
        options.MaxWatchesPerStream = Bound(configuration, "MaxWatchesPerStream", options.MaxWatchesPerStream);
        options.MaxWatchesPerConnection = Bound(configuration, "MaxWatchesPerConnection", options.MaxWatchesPerConnection);
        options.MaxWatches = Bound(configuration, "MaxWatches", options.MaxWatches);
        options.MaxLeases = Bound(configuration, "MaxLeases", options.MaxLeases);
        options.MaxAnswerBytes = Bound(configuration, "MaxAnswerBytes", options.MaxAnswerBytes);
        options.MaxAnswerBytesPerConnection = Bound(configuration, "MaxAnswerBytesPerConnection", options.MaxAnswerBytesPerConnection);
        options.WarningRequestDuration = Duration("Gateway:WarningRequestDuration", configuration["Gateway:WarningRequestDuration"], options.WarningRequestDuration);
        options.ServesJson = configuration.GetValue("Gateway:ServesJson", options.ServesJson);
        options.V2MappingPrefix = configuration["Gateway:V2MappingPrefix"] is { Length: > 0 } prefix ? prefix : null;
        return options;
    }

    /// <summary>What secures the port of a client URL; null for http.</summary>
    /// <exception cref="Hosting.ConfigurationException">An https URL, and nothing to secure it with.</exception>
    public static TlsSettings? TlsFor(string url, TlsSettings settings)
    {
        if (!ListenAddress.IsTls(url) && !url.StartsWith("unixs://", StringComparison.Ordinal))
            return null;
        settings.Verify();
        return settings;
    }

    /// <summary>The address of a client URL: http or https, with an IP address or "localhost", or a socket in the file system.</summary>
    /// <exception cref="FormatException">It is no such URL.</exception>
    public static EndPoint Address(string url)
    {
        if (UnixSocket.TryParse(url, out var file, out _))
            return file;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            throw new FormatException($"{url} is no http or https URL to listen on");
        var host = uri.IdnHost;
        if (host == "localhost")
            return new IPEndPoint(IPAddress.Loopback, uri.Port);
        return IPAddress.TryParse(host, out var address)
            ? new IPEndPoint(address, uri.Port)
            : throw new FormatException($"expected IP in URL for binding ({url})");
    }

    private static TimeSpan StopDelay(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return TimeSpan.Zero;
        if (!GoDuration.TryParse(text, out TimeSpan delay, out var complaint))
            throw new ConfigurationException($"Gateway:StopDelay: {complaint}");
        return delay >= TimeSpan.Zero && delay <= s_maxStopDelay
            ? delay
            : throw new ConfigurationException($"Gateway:StopDelay must be between 0s and {s_maxStopDelay.TotalSeconds}s, not \"{text}\"");
    }

    private static long Bound(IConfiguration configuration, string name, long unset) =>
        configuration["Gateway:" + name] is not { Length: > 0 } text ? unset
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
        : throw new ConfigurationException($"Gateway:{name} must be a whole number above 0, not \"{text}\"");

    private static TimeSpan Duration(string key, string? text, TimeSpan unset) =>
        string.IsNullOrEmpty(text) ? unset
        : GoDuration.TryParse(text, out TimeSpan value, out var complaint) ? value
        : throw new ConfigurationException($"{key}: {complaint}");

    private static uint Number(string key, string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ConfigurationException($"{key} must be a whole number, not \"{text}\"");

    private static string[]? List(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
