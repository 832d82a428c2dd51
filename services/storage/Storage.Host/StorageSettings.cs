using Hosting.Settings;

namespace Storage.Host;

/// <summary>The settings of a storage process.</summary>
public static class StorageSettings
{
    public static IReadOnlyList<Setting> Own { get; } =
    [
        new("Storage:DataDir", SettingKind.Text, "data", "folder of the data file"),
        new("Storage:ReplicaName", SettingKind.Text, "", "name of the replica; empty: the machine's"),
        new("Storage:SharedBy", SettingKind.Count, "1", "replicas that may share the folder, each with a place of its own in it") { Min = 1, Max = int.MaxValue },
        new("Storage:Peers", SettingKind.Service, "", "the replicas, between commas, or a name: where snapshots come from, and what to compare with"),
        new("Storage:QuotaBackendBytes", SettingKind.Count, "0", "bytes that may be in use; 0: 100 GiB, negative: no quota") { Min = long.MinValue },
        new("Storage:InitialCorruptCheck", SettingKind.Flag, "false", "compare with the other replicas before serving"),
        new("Storage:CorruptCheckTime", SettingKind.Duration, "0s", "time between comparisons with the other replicas; 0s: none"),
        new("Storage:WarningApplyDuration", SettingKind.Duration, "100ms", "a command that takes longer to apply, and a read that takes longer, is told of in the log"),
    ];

    public static IReadOnlyList<Setting> All { get; } = [.. ProcessSettings.All, .. ProcessSettings.Services("Consensus"), .. Own];
}
