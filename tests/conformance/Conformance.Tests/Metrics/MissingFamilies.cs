namespace Conformance.Metrics;

/// <summary>What etcd 3.5 exposes and we do not, with the reason. A family that is neither here nor there fails a test, and so does one that is in both.</summary>
internal static class MissingFamilies
{
    private const string Go = "of Go's runtime; .NET's own meters tell of this one's";
    private const string Proxy = "of the gRPC proxy, a mode of its own";
    private const string V2 = "of the v2 store, whose counts /v2/stats/store tells; by depth of reads they are not told apart";
    private const string Bolt = "a step of bbolt's commit; the tree's commit is one write of changed pages";

    /// <summary>By prefix.</summary>
    private static readonly (string Prefix, string Reason)[] s_prefixes =
    [
        ("go_", Go),
        ("etcd_grpc_proxy_", Proxy),
        ("etcd_debugging_store_", V2),
        ("etcd_debugging_disk_backend_commit_", Bolt),
        ("process_network_", "of the whole network namespace, not of the process"),
    ];

    private static readonly Dictionary<string, string> s_reasons = new(StringComparer.Ordinal)
    {
        ["etcd_server_go_version"] = Go,
        ["etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds"] = "the index is swept in the same steps as the data file, which are timed together",
        ["etcd_debugging_mvcc_pending_events_total"] = "what waits for a slow client is bounded and counted in bytes, not in events",
        ["etcd_debugging_snap_save_marshalling_duration_seconds"] = "Raft snapshots carry no state here, nothing is marshalled",
        ["etcd_debugging_snap_save_total_duration_seconds"] = "Raft snapshots carry no state here, nothing is saved",
        ["etcd_snap_fsync_duration_seconds"] = "Raft snapshots carry no state here, nothing is saved",
        ["etcd_snap_db_fsync_duration_seconds"] = "a received state is committed in pieces as any commit; the whole is timed",
    };

    /// <summary>Null when the family is to be here.</summary>
    public static string? ReasonFor(string family) =>
        s_reasons.TryGetValue(family, out var reason) ? reason : s_prefixes.FirstOrDefault(entry => family.StartsWith(entry.Prefix, StringComparison.Ordinal)).Reason;
}
