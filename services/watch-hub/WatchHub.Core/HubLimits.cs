namespace WatchHub.Core;

/// <summary>Bounds of one hub core. What is full, and what happens then, is said at each.</summary>
public sealed record HubLimits
{
    /// <summary>Bytes of recent revisions kept in memory; the oldest leave first, and who needs them asks storage's history.</summary>
    public long WindowBytes { get; init; } = 32L << 20;

    /// <summary>Messages a session may have unread; beyond it, its watchers turn Blocked at their next revision.</summary>
    public int SessionMessages { get; init; } = 16_384;

    /// <summary>
    /// Event bytes a session may have unread (one buffer shared by neighbours counts once), and one message more; beyond it, as above. What a client that reads nothing
    /// costs.
    /// </summary>
    public long SessionBytes { get; init; } = 1L << 20;

    /// <summary>Created and Canceled answers a session may have unread on top; a client that asks on without reading loses its session.</summary>
    public int SessionControlMessages { get; init; } = 262_144;

    /// <summary>Bytes after which a message is full (etcd: 1.5 MiB request limit + 512 KiB); a single revision may exceed it.</summary>
    public int MessageBytes { get; init; } = (1536 << 10) + (512 << 10);

    /// <summary>Revisions in one catch-up message (etcd: 1000).</summary>
    public int CatchUpRevisions { get; init; } = 1000;

    /// <summary>Bytes asked from storage at once for one watcher that catches up.</summary>
    public int HistoryBytes { get; init; } = 1 << 20;

    /// <summary>History requests under way at once; further watchers wait their turn.</summary>
    public int HistoryRequests { get; init; } = 16;

    /// <summary>Idle time after which a watcher that asked for it hears of progress.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Wrong rules, for tests of the tests.</summary>
    internal HubDefects Defects { get; init; }
}
