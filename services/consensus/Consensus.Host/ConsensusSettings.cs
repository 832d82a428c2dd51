using Hosting.Settings;

namespace Consensus.Host;

/// <summary>The settings of a consensus process.</summary>
public static class ConsensusSettings
{
    public static IReadOnlyList<Setting> Own { get; } =
    [
        new("Consensus:DataDir", SettingKind.Text, "", "folder of the log") { IsRequired = true },
        new("Consensus:Name", SettingKind.Text, "default", "name of the member"),
        new("Consensus:PeerUrls", SettingKind.Urls, "http://localhost:2380", "what other members are told to connect to, between commas"),
        new("Consensus:AdvertiseClientUrls", SettingKind.Text, "http://localhost:2379", "what clients are told to connect to, between commas"),
        new("Consensus:InitialCluster", SettingKind.Text, "", "the members of a new cluster, name=url between commas; empty: this one alone"),
        new("Consensus:InitialClusterState", SettingKind.Choice, "new", "existing: join a cluster that runs already") { Choices = ["new", "existing"] },
        new("Consensus:Token", SettingKind.Text, "etcd-cluster", "keeps clusters made from the same addresses apart"),
        new("Consensus:ForceNewCluster", SettingKind.Flag, "false", "go on as a cluster of this member alone, with its data"),
        new("Consensus:HeartbeatMilliseconds", SettingKind.Count, "100", "time between two heartbeats of the leader") { Min = 1, Max = 60_000 },
        new("Consensus:ElectionMilliseconds", SettingKind.Count, "1000", "silence of the leader after which a member calls an election") { Min = 1, Max = 600_000 },
        new("Consensus:SegmentBytes", SettingKind.Count, "67108864", "size of a file of the log") { Min = 4096 },
        new("Consensus:KeepEntries", SettingKind.Count, "100000", "entries that the log keeps for replicas that were away"),
        new("Consensus:DurableReplicas", SettingKind.Count, "1", "storage replicas that must hold an entry before the log may drop it") { Min = 1, Max = 1000 },
    ];

    public static IReadOnlyList<Setting> All { get; } = [.. ProcessSettings.All, .. Own];
}
