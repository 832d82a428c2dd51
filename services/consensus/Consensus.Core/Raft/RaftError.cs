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

    /// <summary>The sender is no voter, or the message is addressed to somebody else.</summary>
    UnknownPeer,

    /// <summary>The message contradicts itself (gaps, terms that fall, a term of 0).</summary>
    MalformedMessage,

    /// <summary>The message would replace a committed entry, or counts on an acknowledged one that is gone: somebody lost data.</summary>
    ConflictsWithCommitted,
}
