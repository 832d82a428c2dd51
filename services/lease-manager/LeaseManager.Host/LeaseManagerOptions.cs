using LeaseManager.Core.Compaction;

namespace LeaseManager.Host;

/// <summary>Configuration of a lease manager.</summary>
public sealed record LeaseManagerOptions
{
    /// <summary>Name in the claim.</summary>
    public string Name { get; init; } = "lease-manager";

    /// <summary>
    /// True: claims when it begins to lead (<see cref="Leadership.ILeadership"/>), and again (after a growing wait) when another manager's claim has fenced it. False: claims
    /// once only; fenced it stays passive. Where nobody elects, at most one manager of a cluster should be primary: two would go on fencing
    /// each other, which is safe (every claim renews every lease) but ends no lease.
    /// </summary>
    public bool IsPrimary { get; init; } = true;

    /// <summary>Leases in one expiry command.</summary>
    public int ExpireBatch { get; init; } = 1000;

    /// <summary>Expiry commands under way at once.</summary>
    public int ExpireBatchesInFlight { get; init; } = 8;

    /// <summary>Wait before an expiry whose outcome was an error is tried again.</summary>
    public TimeSpan ExpireRetry { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// First wait before a primary that was fenced claims again; doubles up to <see cref="ReclaimMax"/>. One that leads by election waits
    /// <see cref="RetryMin"/> to <see cref="RetryMax"/> instead.
    /// </summary>
    public TimeSpan ReclaimMin { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan ReclaimMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Automatic compaction of the key space's history; null: none.</summary>
    public ICompactionRule? Compaction { get; init; }

    /// <summary>How long an automatic compaction may take to be applied before it is proposed anew.</summary>
    public TimeSpan CompactionPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>First wait before a broken feed or proposal stream is reopened; doubles up to <see cref="RetryMax"/>.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Short, since every request that waits for a new leader waits for this as well.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromMilliseconds(200);
}
