namespace Bench.Workloads;

/// <summary>The loads, under the names that the command line gives them.</summary>
internal enum WorkloadKind
{
    Put,
    RangeLinearizable,
    RangeSerializable,
    Txn,
    Mixed,
    WatchFanout,
    WatchKeys,
    WatchPrefix,
    KeepAlive,
}

internal static class WorkloadNames
{
    private static readonly Dictionary<string, WorkloadKind> Kinds = new()
    {
        ["put"] = WorkloadKind.Put,
        ["range-lin"] = WorkloadKind.RangeLinearizable,
        ["range-ser"] = WorkloadKind.RangeSerializable,
        ["txn"] = WorkloadKind.Txn,
        ["mixed"] = WorkloadKind.Mixed,
        ["watch-fanout"] = WorkloadKind.WatchFanout,
        ["watch-keys"] = WorkloadKind.WatchKeys,
        ["watch-prefix"] = WorkloadKind.WatchPrefix,
        ["keepalive"] = WorkloadKind.KeepAlive,
    };

    public static string All => string.Join('|', Kinds.Keys);

    public static WorkloadKind Parse(string name) =>
        Kinds.TryGetValue(name, out var kind) ? kind : throw new BenchException($"unknown workload '{name}', known are {All}");
}
