using Storage.Core.State;

namespace Storage.Host;

/// <summary>Settings of one replica.</summary>
public sealed record StorageOptions
{
    /// <summary>Name under which durability is reported to consensus: unique among the replicas, the same after a restart.</summary>
    public string ReplicaName { get; init; } = "storage";

    /// <summary>
    /// Time between the first uncommitted change and the tree commit that holds it. The log is what makes a write durable; a
    /// commit only shortens the replay after a crash, and each costs two syncs.
    /// </summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Changed pages that start a commit at once.</summary>
    public long MaxDirtyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bounds of the state machine.</summary>
    public StateMachineOptions State { get; init; } = new();
}
