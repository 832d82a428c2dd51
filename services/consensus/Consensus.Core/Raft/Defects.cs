namespace Consensus.Core.Raft;

/// <summary>
/// Wrong rules, switched on by tests alone: each proves that the simulation finds the mistake. One branch each, where the rule is.
/// </summary>
[Flags]
internal enum Defects
{
    None = 0,

    /// <summary>Votes without looking at the vote given earlier in the term (Raft §5.2).</summary>
    GrantTwoVotesPerTerm = 1 << 0,

    /// <summary>Commits entries of earlier terms by counting (Raft §5.4.2, Fig. 8).</summary>
    CommitOldTermByCounting = 1 << 1,

    /// <summary>Answers reads without a confirmation round (Raft §8).</summary>
    StaleReadIndex = 1 << 2,

    /// <summary>A configuration takes effect as soon as it is in the log, and stays when the entry is cut (Raft thesis §4.1).</summary>
    ApplyConfigurationOnAppend = 1 << 3,

    /// <summary>Commits under a joint configuration without the voters that are being left (Raft thesis §4.3).</summary>
    CommitJointByIncomingOnly = 1 << 4,

    /// <summary>Votes for candidates whose log is behind (Raft §5.4.1).</summary>
    SkipLogComparison = 1 << 5,

    /// <summary>Promises what is not stored yet (Raft Fig. 2).</summary>
    AckBeforePersist = 1 << 6,

    /// <summary>A leader counts its own entries before they are stored (Raft thesis §10.2.1).</summary>
    LeaderCountsUnpersisted = 1 << 7,

    /// <summary>Answers reads before an entry of the leader's own term is committed (Raft §8).</summary>
    ReadBeforeOwnTermCommit = 1 << 8,

    /// <summary>Cuts the log after what an append holds even where it matches: a late append undoes a newer one (Raft §5.3).</summary>
    TruncateOnEveryAppend = 1 << 9,

    /// <summary>Grants a vote before it is stored (Raft Fig. 2).</summary>
    VoteBeforePersist = 1 << 10,

    /// <summary>Tells everybody what is committed, whether their logs are known to match up to there or not (Raft §5.3).</summary>
    HeartbeatCommitsUnmatched = 1 << 11,
}
