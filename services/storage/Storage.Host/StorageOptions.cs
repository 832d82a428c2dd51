using Storage.Core.Space;
using Storage.Core.State;

namespace Storage.Host;

/// <summary>Settings of one replica.</summary>
public sealed record StorageOptions
{
    /// <summary>Name under which durability is reported to consensus: unique among the replicas, the same after a restart.</summary>
    public string ReplicaName { get; init; } = "storage";

    /// <summary>
    /// Time between the first uncommitted change and the tree commit that holds it. The log is what makes a write durable; a
    /// commit only shortens the replay after a crash, and each costs two syncs.
    /// </summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Changed pages that start a commit at once.</summary>
    public long MaxDirtyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>A consumer of a snapshot that takes nothing for so long is cut off: what it reads holds back the reuse of pages.</summary>
    public TimeSpan SnapshotStallLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a snapshot that is being received may bring nothing: a peer's first chunk waits for a tree commit of its own.</summary>
    public TimeSpan SnapshotSilenceLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An idle result stream or feed over gRPC carries a sign of life this often.</summary>
    public TimeSpan BeatInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How much the data file may hold.</summary>
    public Quota Quota { get; init; } = Quota.OfSetting(0);

    /// <summary>The member id of this replica's alarms: of the consensus member that it stands beside, else one made of its name.</summary>
    public ulong AlarmMember { get; init; }

    /// <summary>Compare with the other replicas before anything is served, and refuse to when this one differs.</summary>
    public bool ComparesAtStart { get; init; }

    /// <summary>Time between two comparisons with the other replicas; zero: never.</summary>
    public TimeSpan CorruptCheckInterval { get; init; }

    /// <summary>How long another replica may take to answer with its hash.</summary>
    public TimeSpan PeerHashLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A command that takes longer to apply is counted, and told of in the log.</summary>
    public TimeSpan WarningApplyDuration { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Bounds of the state machine.</summary>
    public StateMachineOptions State { get; init; } = new();
}
