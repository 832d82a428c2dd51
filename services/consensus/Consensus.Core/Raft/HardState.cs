using Consensus.Contracts;

namespace Consensus.Core.Raft;

/// <summary>What a member must find again after a crash (Raft Fig. 2, "persistent state").</summary>
/// <param name="Commit">
/// Not required by the paper; kept so that a restarted member can serve committed entries before it hears from a leader.
/// It may be stored late: losing an advance breaks no promise.
/// </param>
public readonly record struct HardState(Term Term, MemberId Vote, LogIndex Commit);
