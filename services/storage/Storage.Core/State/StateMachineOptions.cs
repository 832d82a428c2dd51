namespace Storage.Core.State;

/// <summary>Bounds of one replica. Only <see cref="InitialV2Index"/> is replicated state: all replicas of a cluster must agree on it.</summary>
public sealed record StateMachineOptions
{
    /// <summary>
    /// v2 index of a fresh store. 3 is what a fresh single member of etcd shows (its own registration took three), so the
    /// first write of a user gets 4.
    /// </summary>
    public long InitialV2Index { get; init; } = 3;

    /// <summary>Recent revisions kept in memory, unless a tree commit does not hold them yet.</summary>
    public int HotRevisions { get; init; } = 100_000;

    /// <summary>The same bound in bytes.</summary>
    public long HotBytes { get; init; } = 64 * 1024 * 1024;
}
