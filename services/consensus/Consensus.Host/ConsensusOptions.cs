using Consensus.Contracts;
using Hosting.Tls;

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

    /// <summary>How this member speaks to peer URLs with https; null: with the system's authorities, and no certificate of its own.</summary>
    public ClientTls? PeerTls { get; init; }

    /// <summary>Wait for the disk before an entry counts as stored. Without, a loss of power may take what was acknowledged (I1 does not hold): for tests and throw-away clusters.</summary>
    public bool SyncsLog { get; init; } = true;

    /// <summary>Size of a log segment file.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Join a cluster that runs already, as the member that was added to it with these peer URLs; matters at the first start only.</summary>
    public bool JoinsExisting { get; init; }

    /// <summary>Make this member the only one of its cluster, with the data it has. For when a majority is lost for good.</summary>
    public bool ForceNewCluster { get; init; }

    /// <summary>Between heartbeats of a leader.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Without a word of the leader for this long, and up to a third longer, a member calls an election.</summary>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>Ask whether an election could be won before disturbing anybody with one (Raft thesis §9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>Refuse changes of the membership that could cost the quorum (strict-reconfig-check).</summary>
    public bool StrictReconfigurationCheck { get; init; } = true;

    /// <summary>
    /// Unit of logical time: a tenth of a heartbeat, so that members that miss a leader at the same moment do not ask for votes at the same moment.
    /// </summary>
    internal TimeSpan Tick => HeartbeatInterval >= TimeSpan.FromMilliseconds(10) ? HeartbeatInterval / 10 : TimeSpan.FromMilliseconds(1);

    internal int HeartbeatTicks => Math.Max(1, (int)(HeartbeatInterval / Tick));

    internal int ElectionTicks => Math.Max(HeartbeatTicks + 1, (int)(ElectionTimeout / Tick));

    /// <summary>Proposals waiting for the log thread. One turn takes all of them, so this also bounds a group.</summary>
    public int MaxQueuedProposals { get; init; } = 8192;

    /// <summary>Bytes of the proposals waiting; a single larger one still enters an empty queue.</summary>
    public long MaxQueuedBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Messages of other members waiting for the log thread; beyond it their connections wait.</summary>
    public int MaxQueuedMessages { get; init; } = 65_536;

    /// <summary>The same bound in bytes.</summary>
    public long MaxQueuedMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Entries kept in memory for tails that keep up, in bytes.</summary>
    public long RecentBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Data in one batch of a tail; a single larger entry is a batch of its own.</summary>
    public int MaxTailBatchBytes { get; init; } = 1024 * 1024;

    /// <summary>Entries kept although storage no longer needs them: a replica that was away for a while catches up without a snapshot.</summary>
    public ulong KeepEntries { get; init; } = 100_000;

    /// <summary>Length of the log up to which entries are kept for replicas that receive a state (<see cref="Contracts.IConsensus.KeepAsync"/>).</summary>
    public long MaxKeptBytes { get; init; } = 16L * 1024 * 1024 * 1024;

    /// <summary>How long such a replica's word counts.</summary>
    public TimeSpan KeepTime { get; init; } = ConsensusLimits.KeepTime;

    /// <summary>Storage replicas that must hold an entry durably before it may be dropped (I9).</summary>
    public int DurableReplicas { get; init; } = 1;

    /// <summary>How long a read or a membership change waits for a leader that confirms or makes it: etcd's request timeout.</summary>
    public TimeSpan ReadTimeout => TimeSpan.FromSeconds(5) + (2 * ElectionTimeout);

    /// <summary>Called once when the cluster has removed this member: it shall stop.</summary>
    public Action OnRemoved { get; init; } = static () => { };

    /// <summary>Called when the disk failed. The default ends the process, for nothing it says could be trusted.</summary>
    public Action<Exception> OnFatal { get; init; } = static e => Environment.FailFast(e.Message, e);
}
