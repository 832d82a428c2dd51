using Hosting.Metrics;
using Storage.Core.Apply;

namespace Storage.Host;

/// <summary>Metrics of one replica, under etcd's names; they go on when another data file takes the place of the one in use. Thread-safe.</summary>
internal sealed class StorageMetrics
{
    private readonly Histogram _leaseTtls = new(Buckets.Doubling(1, 24));

    public StorageMetrics() => Applies.OnGranted = ttlSeconds => _leaseTtls.Observe(ttlSeconds);

    /// <summary>Of commands.</summary>
    public ApplyCounts Applies { get; } = new();

    /// <summary>Of reads that are no commands.</summary>
    public Counter Ranges { get; } = new();

    public Counter Transactions { get; } = new();

    public Counter SlowApplies { get; } = new();

    /// <summary>Of each command, by operation, success and API.</summary>
    public Labeled<Histogram> ApplySeconds { get; } = new(static () => new Histogram(Buckets.Doubling(0.0001, 20)), "op", "success", "version");

    public Histogram CommitSeconds { get; } = new(Buckets.Doubling(0.001, 14));

    /// <summary>Sending the state as a database.</summary>
    public Histogram SnapshotSeconds { get; } = new(Buckets.Doubling(0.01, 17));

    public Histogram DefragmentSeconds { get; } = new(Buckets.Doubling(0.1, 13));

    public Gauge DefragmentsInFlight { get; } = new();

    public Histogram HashSeconds { get; } = new(Buckets.Doubling(0.01, 15));

    public Histogram HashKvSeconds { get; } = new(Buckets.Doubling(0.01, 15));

    public Counter SweptRevisions { get; } = new();

    /// <summary>When the last sweep ended, seconds since 1970; 0: none did.</summary>
    public Gauge LastSweep { get; } = new();

    public Histogram SweepStepMilliseconds { get; } = new(Buckets.Doubling(1, 13));

    public Histogram SweepMilliseconds { get; } = new(Buckets.Doubling(100, 14));

    public Gauge SnapshotsBeingInstalled { get; } = new();

    /// <summary>Receiving the state from another replica into a new data file.</summary>
    public Histogram ReceiveSeconds { get; } = new(Buckets.Doubling(0.1, 10));

    /// <summary>Names all of them.</summary>
    /// <param name="registry">Where.</param>
    /// <param name="gauges">What the replica shows of itself.</param>
    public void Describe(MetricRegistry registry, IStorageGauges gauges)
    {
        Operations(registry);
        State(registry, gauges);
        Work(registry);
    }

    private void Operations(MetricRegistry registry)
    {
        registry.Add("etcd_mvcc_put_total", "Total number of puts seen by this member.", MetricKind.Counter, () => Applies.Puts);
        registry.Add("etcd_mvcc_delete_total", "Total number of deletes seen by this member.", MetricKind.Counter, () => Applies.Deletes);
        registry.Add("etcd_mvcc_range_total", "Total number of ranges seen by this member.", MetricKind.Counter, () => Applies.Ranges + Ranges.Value);
        registry.Add("etcd_debugging_mvcc_range_total", "Total number of ranges seen by this member.", MetricKind.Counter, () => Applies.Ranges + Ranges.Value);
        registry.Add("etcd_mvcc_txn_total", "Total number of txns seen by this member.", MetricKind.Counter, () => Applies.Transactions + Transactions.Value);
        registry.Add("etcd_debugging_mvcc_total_put_size_in_bytes", "The total size of put kv pairs seen by this member.", MetricKind.Gauge, () => Applies.PutBytes);
        registry.Add("etcd_debugging_lease_granted_total", "The total number of granted leases.", MetricKind.Counter, () => Applies.LeasesGranted);
        registry.Add("etcd_debugging_lease_revoked_total", "The total number of revoked leases.", MetricKind.Counter, () => Applies.LeasesRevoked);
        registry.Add("etcd_debugging_lease_ttl_total", "Bucketed histogram of lease TTLs.", _leaseTtls);
    }

    private static void State(MetricRegistry registry, IStorageGauges gauges)
    {
        registry.Add("etcd_debugging_mvcc_current_revision", "The current revision of store.", MetricKind.Gauge, () => gauges.Revision);
        registry.Add("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.", MetricKind.Gauge, () => gauges.CompactRevision);
        registry.Add("etcd_debugging_mvcc_keys_total", "Total number of keys.", MetricKind.Gauge, () => gauges.Keys);
        registry.Add("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.", MetricKind.Gauge, () => gauges.FileBytes);
        registry.Add(
            "etcd_mvcc_db_total_size_in_use_in_bytes", "Total size of the underlying database logically in use in bytes.", MetricKind.Gauge,
            () => gauges.FileBytesInUse);
        registry.Add("etcd_debugging_auth_revision", "The current revision of auth store.", MetricKind.Gauge, () => gauges.AuthRevision);
        registry.Add("etcd_mvcc_db_open_read_transactions", "The number of currently open read transactions", MetricKind.Gauge, () => gauges.OpenReads);
        registry.Add("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", MetricKind.Gauge, () => gauges.QuotaBytes);
        registry.Add("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", MetricKind.Gauge, () => gauges.AppliedIndex);
    }

    private void Work(MetricRegistry registry)
    {
        registry.Add("etcd_disk_backend_commit_duration_seconds", "The latency distributions of commit called by backend.", CommitSeconds);
        registry.Add("etcd_disk_backend_snapshot_duration_seconds", "The latency distribution of backend snapshots.", SnapshotSeconds);
        registry.Add("etcd_disk_backend_defrag_duration_seconds", "The latency distribution of backend defragmentation.", DefragmentSeconds);
        registry.Add("etcd_disk_defrag_inflight", "Whether or not defrag is active on the member. 1 means active, 0 means not.", DefragmentsInFlight);
        registry.Add("etcd_mvcc_hash_duration_seconds", "The latency distribution of storage hash operation.", HashSeconds);
        registry.Add("etcd_mvcc_hash_rev_duration_seconds", "The latency distribution of storage hash by revision operation.", HashKvSeconds);
        registry.Add("etcd_debugging_mvcc_db_compaction_keys_total", "Total number of db keys compacted.", SweptRevisions);
        registry.Add("etcd_debugging_mvcc_db_compaction_last", "The unix time of the last db compaction. Resets to 0 on start.", LastSweep);
        registry.Add(
            "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds", "Bucketed histogram of db compaction pause duration.", SweepStepMilliseconds);
        registry.Add("etcd_debugging_mvcc_db_compaction_total_duration_milliseconds", "Bucketed histogram of db compaction total duration.", SweepMilliseconds);
        registry.Add("etcd_server_apply_duration_seconds", "The latency distributions of v2 apply called by backend.", ApplySeconds);
        registry.Add("etcd_server_slow_apply_total", "The total number of slow apply requests (likely overloaded from slow disk).", SlowApplies);
        registry.Add(
            "etcd_server_snapshot_apply_in_progress_total", "1 if the server is applying the incoming snapshot. 0 if none.", SnapshotsBeingInstalled);
        registry.Add("etcd_snap_db_save_total_duration_seconds", "The total latency distributions of v3 snapshot save.", ReceiveSeconds);
    }
}

/// <summary>What a replica shows of itself whenever it is asked.</summary>
internal interface IStorageGauges
{
    long Revision { get; }

    /// <summary>-1 before the first compaction.</summary>
    long CompactRevision { get; }

    /// <summary>Those that exist.</summary>
    long Keys { get; }

    long FileBytes { get; }
    long FileBytesInUse { get; }

    /// <summary>-1: there is no quota.</summary>
    long QuotaBytes { get; }

    ulong AppliedIndex { get; }

    /// <summary>Of users and roles.</summary>
    long AuthRevision { get; }

    /// <summary>Readers of the data file.</summary>
    int OpenReads { get; }
}

/// <summary>Tells of a registered service's metrics.</summary>
internal sealed class StorageMetricSource(StorageService service) : IMetricSource
{
    public void Describe(MetricRegistry registry) => service.Metrics.Describe(registry, service);
}
