using Hosting.Settings;

namespace WatchHub.Host;

/// <summary>The settings of a watch-hub process.</summary>
public static class WatchHubSettings
{
    public static IReadOnlyList<Setting> Own { get; } =
    [
        new("WatchHub:ProgressInterval", SettingKind.Duration, "10m", "idle time after which a watch that asked for it hears how far it is; at least 100ms"),
        new("WatchHub:WindowBytes", SettingKind.Count, "33554432", "recent events that are kept for watches that fall behind, of each key space"),
        .. FeedSettings.Own,
    ];

    public static IReadOnlyList<Setting> All { get; } = [.. ProcessSettings.All, .. ProcessSettings.Services("Storage"), .. Own];
}
