namespace Consensus.Contracts;

/// <summary>What is done to one member.</summary>
public enum MembershipChangeKind : byte
{
    None = 0,
    AddVoter,
    AddLearner,
    Remove,
    UpdatePeerUrls,

    /// <summary>A learner becomes a voter.</summary>
    Promote,

    /// <summary>A member that has started says its name and its client URLs.</summary>
    Publish,
}

/// <summary>A change of the membership, as asked for.</summary>
/// <param name="Id">Random, chosen by the asker: asking again under the same id makes the change at most once.</param>
/// <param name="Kind">What to do.</param>
/// <param name="Member">With whom.</param>
public sealed record MembershipChange(ulong Id, MembershipChangeKind Kind, MemberId Member)
{
    /// <summary>Publish only.</summary>
    public string Name { get; init; } = "";

    /// <summary>AddVoter, AddLearner, UpdatePeerUrls: valid URLs, at least one.</summary>
    public IReadOnlyList<string> PeerUrls { get; init; } = [];

    /// <summary>Publish only.</summary>
    public IReadOnlyList<string> ClientUrls { get; init; } = [];
}

/// <summary>Why a membership change was not made. All are expected outcomes; the texts are etcd's, in the gateway's table.</summary>
public enum MembershipError : byte
{
    None = 0,
    MemberNotFound,
    MemberIdExists,
    PeerUrlExists,
    TooManyLearners,

    /// <summary>Only a learner can be promoted.</summary>
    NotALearner,

    /// <summary>The learner's log is too far behind the leader's.</summary>
    LearnerNotReady,

    /// <summary>Strict reconfiguration check: too few members have ever started to keep a quorum.</summary>
    NotEnoughStarted,

    /// <summary>Strict reconfiguration check: some member was not connected all along.</summary>
    UnhealthyCluster,

    /// <summary>The member was removed earlier; its id is used up.</summary>
    MemberRemoved,

    /// <summary>More voters than a quorum is counted over; etcd has no such bound.</summary>
    TooManyVoters,
}

/// <summary>Outcome of a membership change.</summary>
/// <param name="Error">None when the change is committed and in effect on the member that answers.</param>
/// <param name="Members">All members after it, by ascending id.</param>
/// <param name="Term">Term of the leader that made it, for response headers.</param>
public sealed record MembershipResult(MembershipError Error, IReadOnlyList<Member> Members, Term Term);

/// <summary>Outcome of asking for another leader.</summary>
public enum TransferOutcome : byte
{
    /// <summary>The target leads now.</summary>
    Done = 0,

    /// <summary>This member is not the leader.</summary>
    NotLeader,

    /// <summary>The target is no voter.</summary>
    BadTarget,

    /// <summary>The target did not take over within an election timeout; the old leader goes on.</summary>
    TimedOut,
}
