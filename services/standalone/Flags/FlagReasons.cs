namespace Standalone.Flags;

/// <summary>Why a flag of etcd's that is accepted does nothing here: what the warning says to whoever gives it.</summary>
internal static class FlagReasons
{
    private const string NotYet = "this version does not act upon it yet";
    private const string Proxy = "there is no v2 proxy here: every member serves every request";
    private const string Commits = "the log makes writes durable; when the data file is committed follows from how much has changed";
    private const string Sweeps = "what a compaction removes goes in steps of bounded work that pace themselves";
    private const string Outlived = "of releases before etcd 2.0, which later ones ignore too";

    private static readonly Dictionary<string, string> s_reasons = new()
    {
        ["auth-token"] = NotYet,
        ["auth-token-ttl"] = NotYet,
        ["backend-batch-interval"] = Commits,
        ["backend-batch-limit"] = Commits,
        ["backend-bbolt-freelist-type"] = "the data file is no bbolt file; its free pages are found by reading its meta page",
        ["bcrypt-cost"] = NotYet,
        ["client-cert-file"] = "no part of this process calls its own client ports",
        ["client-key-file"] = "no part of this process calls its own client ports",
        ["enable-grpc-gateway"] = NotYet,
        ["enable-pprof"] = "the runtime has no profiles of pprof's form: dotnet-trace, dotnet-counters and dotnet-dump attach to the running process instead",
        ["enable-v2"] = "v2 is always served",
        ["experimental-bootstrap-defrag-threshold-megabytes"] = "free space goes back to the file system by itself",
        ["experimental-compact-hash-check-enabled"] = "members are compared by --experimental-corrupt-check-time",
        ["experimental-compact-hash-check-time"] = "members are compared by --experimental-corrupt-check-time",
        ["experimental-compaction-batch-limit"] = Sweeps,
        ["experimental-compaction-sleep-interval"] = Sweeps,
        ["experimental-downgrade-check-time"] = "there is no downgrade to check for",
        ["experimental-enable-lease-checkpoint-persist"] = "checkpoints are always kept over restarts",
        ["experimental-enable-v2v3"] = "etcd hides v2 keys in v3 keys of another form: with --v2-v3-mapping-prefix they are v3 keys",
        ["experimental-memory-mlock"] = "the runtime reserves more address space than could be locked",
        ["experimental-snapshot-catchup-entries"] = "--snapshot-count says how many entries the log keeps",
        ["experimental-stop-grpc-service-on-defrag"] = "defragmentation stops nobody",
        ["experimental-txn-mode-write-with-shared-buffer"] = "of an optimisation inside etcd",
        ["grpc-keepalive-interval"] = NotYet,
        ["grpc-keepalive-min-time"] = NotYet,
        ["grpc-keepalive-timeout"] = NotYet,
        ["initial-election-tick-advance"] = "a member without a leader asks for votes after one election timeout, always",
        ["listen-metrics-urls"] = NotYet,
        ["logger"] = "zap's JSON lines are what is written",
        ["max-snapshots"] = "there are no snapshot files to keep",
        ["max-wals"] = "--snapshot-count says how many entries the log keeps",
        ["metrics"] = NotYet,
        ["proxy"] = Proxy,
        ["proxy-dial-timeout"] = Proxy,
        ["proxy-failure-wait"] = Proxy,
        ["proxy-read-timeout"] = Proxy,
        ["proxy-refresh-interval"] = Proxy,
        ["proxy-write-timeout"] = Proxy,
        ["raft-read-timeout"] = "a member that is silent for two seconds counts as gone",
        ["raft-write-timeout"] = "a member that takes nothing is found by its silence",
        ["socket-reuse-address"] = "addresses that only closed connections still use can always be listened on",
        ["v2-deprecation"] = "v2 is always served",
        ["cluster-active-size"] = Outlived,
        ["cluster-remove-delay"] = Outlived,
        ["cluster-sync-interval"] = Outlived,
        ["config"] = Outlived,
        ["force"] = Outlived,
        ["max-result-buffer"] = Outlived,
        ["max-retry-attempts"] = Outlived,
        ["peer-heartbeat-interval"] = Outlived,
        ["peer-election-timeout"] = Outlived,
        ["retry-interval"] = Outlived,
        ["snapshot"] = Outlived,
        ["v"] = Outlived,
        ["vv"] = Outlived,
    };

    /// <summary>The reason; null of a flag that none is known for, which then has to have an effect.</summary>
    public static string? Of(Flag flag) => s_reasons.GetValueOrDefault(flag.Name);
}
