namespace Consensus.Core.Raft;

/// <summary>Why an input was not taken. All are expected outcomes.</summary>
public enum RaftError
{
    None = 0,

    /// <summary>Only the leader takes proposals.</summary>
    NotLeader,

    /// <summary>Nobody is known who could answer: try again after an election.</summary>
    NoLeader,

    /// <summary>The bound on uncommitted bytes is reached: propose again once the commit index has moved.</summary>
    TooManyUncommitted,

    /// <summary>An answer from somebody who is no member, or a message that is addressed to somebody else.</summary>
    UnknownPeer,

    /// <summary>The message contradicts itself (gaps, terms that fall, a term of 0).</summary>
    MalformedMessage,

    /// <summary>The message would replace a committed entry, or counts on an acknowledged one that is gone: somebody lost data.</summary>
    ConflictsWithCommitted,

    /// <summary>The last configuration change is not committed yet, or its joint configuration not left.</summary>
    ConfigurationPending,

    /// <summary>The leader has committed no entry of its own term yet (Raft §8).</summary>
    NotReady,

    /// <summary>The configuration has no voter, too many, or ids out of order.</summary>
    BadConfiguration,

    /// <summary>Leadership is on its way to another member: propose again once that is decided.</summary>
    TransferInProgress,

    /// <summary>Leadership can go to a voter only.</summary>
    BadTransferee,
}
