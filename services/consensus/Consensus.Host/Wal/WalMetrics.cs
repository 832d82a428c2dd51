using Hosting.Metrics;

namespace Consensus.Host.Wal;

/// <summary>What the log's files take: each write and each sync. Thread-safe.</summary>
public sealed class WalMetrics
{
    private static readonly IReadOnlyList<double> s_bounds = Buckets.Doubling(0.001, 14);

    public Histogram SyncSeconds { get; } = new(s_bounds);

    public Histogram WriteSeconds { get; } = new(s_bounds);

    public Gauge WrittenBytes { get; } = new();

    internal void Describe(MetricRegistry registry)
    {
        registry.Add("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL.", SyncSeconds);
        registry.Add("etcd_disk_wal_write_duration_seconds", "The latency distributions of write called by WAL.", WriteSeconds);
        registry.Add("etcd_disk_wal_write_bytes_total", "Total number of bytes written in WAL.", WrittenBytes);
    }
}
