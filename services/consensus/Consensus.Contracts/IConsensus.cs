namespace Consensus.Contracts;

/// <summary>
/// The order of commands: a replicated log. What commands mean is no concern of this service.
/// </summary>
public interface IConsensus
{
    /// <summary>Opens a stream of proposals. Each gateway and each lease manager holds one.</summary>
    IProposalStream OpenProposals();

    /// <summary>
    /// Committed entries from <paramref name="from"/> on (inclusive), for ever: waits when there is nothing new.
    /// The consumer pulls; what it has not pulled stays in the log.
    /// </summary>
    /// <exception cref="LogCompactedException"><paramref name="from"/> is no longer in the log: a snapshot from a peer is needed.</exception>
    /// <exception cref="LogUnavailableException">The connection was lost or the log is stopping: tail again from the next index.</exception>
    IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, CancellationToken cancellation);

    /// <summary>
    /// An index such that a state machine that has applied it has seen every write acknowledged before this call
    /// (Raft thesis §6.4). One quorum round serves all calls that wait. Completes synchronously for a single voter. Any member
    /// answers; a change of leader meanwhile only makes it take longer.
    /// </summary>
    /// <exception cref="NoLeaderException">No leader answered in time.</exception>
    ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation);

    /// <summary>Leader, term, indexes and members as this member sees them.</summary>
    /// <exception cref="LogUnavailableException">This member cannot be reached or is stopping.</exception>
    ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation);

    /// <summary>
    /// The same, once this member knows everything up to <paramref name="atLeast"/> to be committed: with a read index, a linearizable list of members.
    /// </summary>
    /// <exception cref="LogUnavailableException">This member cannot be reached or is stopping.</exception>
    ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation);

    /// <summary>
    /// Changes the membership through the leader, wherever it is, and completes once the change is in effect here or refused. Asks again by itself,
    /// under the change's id, when the leader is lost meanwhile.
    /// </summary>
    /// <exception cref="NoLeaderException">No leader answered in time; the change may or may not be made later.</exception>
    ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation);

    /// <summary>Makes <paramref name="target"/> the leader, if this member leads (Raft thesis §3.10).</summary>
    /// <exception cref="LogUnavailableException">This member cannot be reached or is stopping.</exception>
    ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation);

    /// <summary>A storage replica holds everything up to <paramref name="durable"/> on stable storage (invariant I9).</summary>
    /// <exception cref="LogUnavailableException">This member cannot be reached or is stopping.</exception>
    ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation);

    /// <summary>
    /// A storage replica is receiving a state of index <paramref name="after"/> and will go on from there: what comes after it is kept for
    /// <see cref="ConsensusLimits.KeepTime"/>, although enough others hold it, unless the log gets too long for that or finds no space. To be repeated while the state is on its way.
    /// </summary>
    /// <exception cref="LogUnavailableException">This member cannot be reached or is stopping.</exception>
    ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation);

    /// <summary>How long a recent entry took to be committed; null when that is not known, or not any more. For whoever explains a slow request.</summary>
    /// <exception cref="LogUnavailableException">This member cannot be reached or is stopping.</exception>
    ValueTask<EntryTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation) => ValueTask.FromResult<EntryTimes?>(null);
}

/// <summary>
/// Proposals of one proposer, in order. Acknowledgement does not come back here: results come from storage, once
/// the command is applied.
/// </summary>
public interface IProposalStream : IAsyncDisposable
{
    /// <summary>
    /// Hands over one proposal. Completes synchronously while there is room, waits when the log is behind.
    /// Thread-safe. Success means "on its way", not "committed".
    /// </summary>
    /// <exception cref="ProposalStreamBrokenException">The stream has ended: see <see cref="Broken"/>.</exception>
    ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation);

    /// <summary>
    /// Completes (never faults) when this stream can no longer promise that its proposals reach a leader: connection lost,
    /// leadership lost, service stopping. Proposals whose results were not seen may or may not be in the log; the
    /// proposer opens a new stream and proposes them again under the same session and sequence (I8). Any member takes proposals: one
    /// that does not lead hands them on, and keeps them, bounded, while there is no leader.
    /// </summary>
    Task<ProposalStreamEnd> Broken { get; }
}

/// <summary>What the end of a proposal stream says of the member that it went to.</summary>
public enum ProposalStreamEnd
{
    /// <summary>The member is stopping, cannot be reached, has fallen silent or has known no leader for long: another one is the better choice.</summary>
    MemberLost,

    /// <summary>The leadership changed, or a proposal was refused. The member serves on, and a new stream at it is as good as at any other.</summary>
    MemberServes,
}

/// <summary>A read index with the term in which it was confirmed.</summary>
public readonly record struct ReadIndex(LogIndex Index, Term Term);

/// <summary>A member of the cluster. Name and client URLs are empty until it has started once.</summary>
public sealed record Member(
    MemberId Id, string Name, IReadOnlyList<string> PeerUrls, IReadOnlyList<string> ClientUrls, bool IsLearner);

/// <summary>A member's view of the cluster at one moment.</summary>
public sealed record ConsensusStatus(
    ClusterId Cluster, MemberId Self, MemberId Leader, Term Term, LogIndex CommitIndex, LogIndex LastIndex,
    bool IsLearner, IReadOnlyList<Member> Members)
{
    /// <summary>What the member that was asked hears and says; null where nobody counts, and in a status as of an index.</summary>
    public MemberTraffic? Traffic { get; init; }
}
