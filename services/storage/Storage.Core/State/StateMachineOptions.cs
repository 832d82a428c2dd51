namespace Storage.Core.State;

/// <summary>Bounds of one replica.</summary>
public sealed record StateMachineOptions
{
    /// <summary>
    /// v2 index of a fresh store whose log does not begin with the cluster's initial members; where it does, they decide. All replicas of a cluster must
    /// agree on it.
    /// </summary>
    public long InitialV2Index { get; init; } = 3;

    /// <summary>Recent revisions kept in memory, unless a tree commit does not hold them yet.</summary>
    public int HotRevisions { get; init; } = 100_000;

    /// <summary>The same bound in bytes.</summary>
    public long HotBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Longest answer of a command in bytes. Outcomes are part of the state: the same on every replica (I3).</summary>
    public int MaxAnswerBytes { get; init; } = Reads.BodyBuffer.MaxAnswerBytes;
}
