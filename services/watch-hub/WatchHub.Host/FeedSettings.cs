using Hosting.Settings;

namespace WatchHub.Host;

/// <summary>The settings of the feeds that hubs publish. Here, and not beside their reader: a hub without feeds does not load it.</summary>
internal static class FeedSettings
{
    public static IReadOnlyList<Setting> Own { get; } =
    [
        new("Feed:Broker", SettingKind.Text, "", "RabbitMQ that changes are published to, amqp://host:port/virtual-host or amqps://; empty: no feeds") { IsSecret = true },
        new("Feed:User", SettingKind.Text, "guest", "user there"),
        new("Feed:Password", SettingKind.Text, "guest", "its password") { IsSecret = true },
        new("Feed:PasswordFile", SettingKind.Text, "", "file that holds the password instead"),
        new("Feed:Prefixes", SettingKind.Text, "", "the feeds of keys, name=prefix between commas"),
        new("Feed:ClusterEvents", SettingKind.Flag, "false", "publish what happens to the cluster, too"),
        new("Feed:From", SettingKind.Choice, "now", "where a feed begins that has no cursor") { Choices = ["now", "oldest"] },
        new("Feed:ExchangePrefix", SettingKind.Text, "distributed.feed.", "what the names of exchanges begin with"),
        new("Feed:Mandatory", SettingKind.Flag, "false", "a message that no queue takes is refused"),
        new("Feed:MaxRefusals", SettingKind.Count, "5", "refusals after which a message goes the dead-letter path") { Min = 1, Max = 1000 },
        new("Feed:MaxEventBytes", SettingKind.Count, "8388608", "largest event that is published whole") { Min = 1, Max = 100_663_296 },
        new("Feed:ClaimTtl", SettingKind.Count, "10", "seconds after which another hub takes over from one that is silent") { Min = 1, Max = 3600 },
        new("Feed:CursorEvents", SettingKind.Count, "1000", "events after which the cursor is kept") { Min = 1, Max = 1_000_000 },
        new("Feed:CursorInterval", SettingKind.Duration, "1s", "time after which it is kept at the latest"),
    ];
}
