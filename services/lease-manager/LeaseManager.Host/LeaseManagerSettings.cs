using Hosting.Settings;

namespace LeaseManager.Host;

/// <summary>The settings of a lease-manager process.</summary>
public static class LeaseManagerSettings
{
    public static IReadOnlyList<Setting> Own { get; } =
    [
        new("LeaseManager:Name", SettingKind.Text, "", "name of the manager; empty: the machine's"),
        new("LeaseManager:Checkpoints", SettingKind.Flag, "true", "what is left of long leases survives a change of manager, and a restart"),
        new("LeaseManager:CheckpointInterval", SettingKind.Duration, "5m", "time between two checkpoints of a lease; at least 1s"),
        new("LeaseManager:AutoCompactionMode", SettingKind.Choice, "periodic", "what AutoCompactionRetention counts") { Choices = ["periodic", "revision"] },
        new("LeaseManager:AutoCompactionRetention", SettingKind.Text, "0", "how long, or how many, revisions are kept; 0: all"),
    ];

    public static IReadOnlyList<Setting> All { get; } = [.. ProcessSettings.All, .. ProcessSettings.Services("Consensus", "Storage"), .. Own];
}
