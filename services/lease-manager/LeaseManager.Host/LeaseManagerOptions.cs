using LeaseManager.Core.Compaction;

namespace LeaseManager.Host;

/// <summary>Configuration of a lease manager.</summary>
public sealed record LeaseManagerOptions
{
    /// <summary>Name in the claim.</summary>
    public string Name { get; init; } = "lease-manager";

    /// <summary>
    /// Leases with more than that left are checkpointed so often, as in etcd; null: none is. Checkpoints that are there already hold in any case.
    /// </summary>
    public TimeSpan? CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Leases in one command of checkpoints.</summary>
    public int CheckpointBatch { get; init; } = 1000;

    /// <summary>Commands of checkpoints under way at once. Keep-alives wait for the one that forgets theirs, so not for a whole round of them.</summary>
    public int CheckpointBatchesInFlight { get; init; } = 2;

    /// <summary>How long a manager that stops tries to give its claim up.</summary>
    public TimeSpan ReleasePatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Leases in one expiry command. Each takes a revision, and whatever else is proposed waits while a command is applied: so not more.</summary>
    public int ExpireBatch { get; init; } = 250;

    /// <summary>Expiry commands under way at once.</summary>
    public int ExpireBatchesInFlight { get; init; } = 4;

    /// <summary>Wait before an expiry whose outcome was an error is tried again.</summary>
    public TimeSpan ExpireRetry { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Automatic compaction of the key space's history; null: none.</summary>
    public ICompactionRule? Compaction { get; init; }

    /// <summary>How long an automatic compaction may take to be applied before it is proposed anew.</summary>
    public TimeSpan CompactionPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>First wait before a broken feed or proposal stream is reopened; doubles up to <see cref="RetryMax"/>.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Short, since every request that waits for a new leader waits for this as well.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromMilliseconds(200);
}
