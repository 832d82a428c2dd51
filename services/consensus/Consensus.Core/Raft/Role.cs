namespace Consensus.Core.Raft;

/// <summary>What a member is at the moment (Raft §5.1; pre-candidate: Raft thesis §9.6).</summary>
public enum Role
{
    Follower = 0,
    PreCandidate,
    Candidate,
    Leader,
}
