using Consensus.Contracts;

namespace Consensus.Core.Raft;

/// <summary>What a message between members says.</summary>
public enum MessageKind : byte
{
    /// <summary>"Would you vote for me in this term?" Changes nobody's state (Raft thesis §9.6).</summary>
    PreVoteRequest = 1,
    PreVoteAnswer = 2,

    /// <summary>RequestVote (Raft §5.2).</summary>
    VoteRequest = 3,
    VoteAnswer = 4,

    /// <summary>AppendEntries (Raft §5.3).</summary>
    AppendRequest = 5,
    AppendAnswer = 6,

    /// <summary>An AppendEntries without a position: keeps followers quiet and confirms leadership for reads.</summary>
    Heartbeat = 7,
    HeartbeatAnswer = 8,

    /// <summary>A follower asks the leader for a read index (Raft thesis §6.4).</summary>
    ReadRequest = 9,
    ReadAnswer = 10,

    /// <summary>
    /// The leader's log no longer has what the follower needs: begin the log anew after <see cref="Message.Index"/>. Holds no state, which is
    /// fetched elsewhere. Answered like an append.
    /// </summary>
    Snapshot = 11,

    /// <summary>The leader asks the receiver to campaign at once (Raft thesis §3.10).</summary>
    TimeoutNow = 12,

    /// <summary>
    /// An AppendRequest without entries, for a follower that is being fed: says what is committed, and is answered only when refused. One way, since
    /// it stores nothing that anybody counts.
    /// </summary>
    Commit = 13,
}

/// <summary>One message between members. Which fields count depends on <see cref="Kind"/>.</summary>
public readonly record struct Message(MessageKind Kind, MemberId From, MemberId To, Term Term)
{
    /// <summary>
    /// AppendRequest: index before the first entry. Commit: last index sent. AppendAnswer: last index that matches, or the refused previous index.
    /// Vote requests: last index of the candidate's log. ReadAnswer: the read index. Vote answers: the voter's commit index. Snapshot: a committed index that the leader's log begins after.
    /// </summary>
    public LogIndex Index { get; init; }

    /// <summary>AppendRequest, Commit, Snapshot, vote answers: term at <see cref="Index"/>. Vote requests: term of the candidate's last entry.</summary>
    public Term IndexTerm { get; init; }

    /// <summary>AppendRequest: the entries after <see cref="Index"/>, without gaps; null is none.</summary>
    public Entry[]? Entries { get; init; }

    /// <summary>AppendRequest, Commit, Heartbeat: the leader's commit index, as far as the receiver may use it.</summary>
    public LogIndex Commit { get; init; }

    /// <summary>Answers: the request was refused.</summary>
    public bool Rejected { get; init; }

    /// <summary>
    /// Refused AppendAnswer: last index of the follower that can still match (Raft §5.3, conflict optimisation). Vote requests: what the candidate knows to be committed; 0 from members of before,
    /// which did not say.
    /// </summary>
    public LogIndex HintIndex { get; init; }

    /// <summary>Refused AppendAnswer, vote requests: the sender's term at <see cref="HintIndex"/>.</summary>
    public Term HintTerm { get; init; }

    /// <summary>Heartbeat and its answer: confirmation round. ReadRequest and ReadAnswer: the asker's own number for its read.</summary>
    public ulong Context { get; init; }

    /// <summary>Vote requests: the leader asked for this election, so that it is heard is no reason to refuse (Raft thesis §4.2.3).</summary>
    public bool IsTransfer { get; init; }

    /// <summary>Snapshot: the configuration in effect at <see cref="Index"/> (<see cref="ConfigurationFormat"/>).</summary>
    public ReadOnlyMemory<byte> Data { get; init; }
}
