using Consensus.Contracts;

namespace Consensus.Host;

/// <summary>Configuration of one consensus member; names of the first group are those of etcd's flags.</summary>
public sealed record ConsensusOptions
{
    /// <summary>Where the log lies; used by one process at a time.</summary>
    public required string DataDirectory { get; init; }

    public string Name { get; init; } = "default";

    /// <summary>This member's addresses for its peers (initial-advertise-peer-urls).</summary>
    public IReadOnlyList<string> PeerUrls { get; init; } = ["http://localhost:2380"];

    /// <summary>"name=url,name=url": a member with several URLs is named several times. Empty: this member alone.</summary>
    public string InitialCluster { get; init; } = "";

    /// <summary>Keeps clusters made from the same addresses apart (initial-cluster-token).</summary>
    public string Token { get; init; } = "etcd-cluster";

    public IReadOnlyList<string> AdvertiseClientUrls { get; init; } = ["http://localhost:2379"];

    /// <summary>Size of a log segment file.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Unit of logical time: a heartbeat each tick, an election after <see cref="ElectionTicks"/> without one.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(100);

    public int ElectionTicks { get; init; } = 10;

    /// <summary>Proposals waiting for the log thread. One turn takes all of them, so this also bounds a group.</summary>
    public int MaxQueuedProposals { get; init; } = 8192;

    /// <summary>Bytes of the proposals waiting; a single larger one still enters an empty queue.</summary>
    public long MaxQueuedBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Entries kept in memory for tails that keep up, in bytes.</summary>
    public long RecentBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Data in one batch of a tail; a single larger entry is a batch of its own.</summary>
    public int MaxTailBatchBytes { get; init; } = 1024 * 1024;

    /// <summary>Entries kept although storage no longer needs them: a replica that was away for a while catches up without a snapshot.</summary>
    public ulong KeepEntries { get; init; } = 100_000;

    /// <summary>Storage replicas that must hold an entry durably before it may be dropped (I9).</summary>
    public int DurableReplicas { get; init; } = 1;

    /// <summary>How long a read waits for a leader to confirm itself.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Called when the disk failed. The default ends the process, for nothing it says could be trusted.</summary>
    public Action<Exception> OnFatal { get; init; } = static e => Environment.FailFast(e.Message, e);
}
