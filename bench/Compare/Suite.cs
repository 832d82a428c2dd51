using Bench.Workloads;

namespace Bench.Compare;

/// <summary>Which loads a comparison runs, and how long each.</summary>
internal sealed record Suite(double Seconds, double WarmupSeconds, double ColdSeconds, double HotSeconds)
{
    public static readonly Suite Full = new(Seconds: 5, WarmupSeconds: 1.5, ColdSeconds: 3, HotSeconds: 12);

    public static readonly Suite Quick = new(Seconds: 2, WarmupSeconds: 0.5, ColdSeconds: 3, HotSeconds: 4);

    public Section OneMember => new(
        "One member",
        Members: 1,
        Cold,
        WarmingUp,
        [
            Unary("put, 1 client", WorkloadKind.Put, 1),
            Unary("put, 100 clients", WorkloadKind.Put, 100),
            Unary("put, 1,000 clients", WorkloadKind.Put, 1_000),
            Unary("range, linearizable, 1 client", WorkloadKind.RangeLinearizable, 1),
            Unary("range, linearizable, 100 clients", WorkloadKind.RangeLinearizable, 100),
            Unary("range, linearizable, 1,000 clients", WorkloadKind.RangeLinearizable, 1_000),
            Unary("range, serializable, 1 client", WorkloadKind.RangeSerializable, 1),
            Unary("range, serializable, 100 clients", WorkloadKind.RangeSerializable, 100),
            Unary("range, serializable, 1,000 clients", WorkloadKind.RangeSerializable, 1_000),
            Unary("txn (one compare, one put), 100 clients", WorkloadKind.Txn, 100),
            Unary("half range, half txn, 100 clients", WorkloadKind.Mixed, 100),
            Unary("lease keep-alive, 100 clients", WorkloadKind.KeepAlive, 100),
            Unary("watch: 1,000 watchers of one key, events", WorkloadKind.WatchFanout, 1),
            FanoutAtRate(putsPerSecond: 50),
            Unary("watch: 1,000 keys with a watcher each, 100 writers, events", WorkloadKind.WatchKeys, 100),
        ]);

    public Section ThreeMembers => new(
        "Three members",
        Members: 3,
        Cold,
        WarmingUp,
        [
            // A client has one connection, so it matters whose it is; which member leads is chance.
            Unary("put, 1 client of the leader", WorkloadKind.Put, 1) with { Clients = Placement.Leader },
            Unary("put, 1 client of a follower", WorkloadKind.Put, 1) with { Clients = Placement.Follower },
            Unary("put, 100 clients", WorkloadKind.Put, 100),
            Unary("put, 1,000 clients", WorkloadKind.Put, 1_000),
            Unary("range, linearizable, 100 clients", WorkloadKind.RangeLinearizable, 100),
            Unary("range, serializable, 100 clients", WorkloadKind.RangeSerializable, 100),
        ]);

    /// <summary>What is measured of watches alone (<c>bench watch</c>): more watchers, more shapes than the whole comparison has time for.</summary>
    public Section Watches => new(
        "Delivery",
        Members: 1,
        Cold,
        WarmingUp,
        [
            Watch("1 key, 1,000 watchers", WorkloadKind.WatchFanout, 1_000),
            Watch("1 key, 10,000 watchers", WorkloadKind.WatchFanout, 10_000),
            Watch("1 prefix of 1,000 keys, 1,000 watchers", WorkloadKind.WatchPrefix, 1_000),
            Watch("10,000 keys, a watcher each, 100 writers", WorkloadKind.WatchKeys, 10_000),
            AtRate("1 key, 1,000 watchers, 50 puts/s", 1_000, putsPerSecond: 50),
            AtRate("1 key, 10,000 watchers, 5 puts/s", 10_000, putsPerSecond: 5),
            AtRate("1 key, 1,000 watchers, 50 puts/s of 4 KiB", 1_000, putsPerSecond: 50, valueBytes: 4096),
            AtRate("the same, and 100 watchers that read nothing", 1_000, putsPerSecond: 50, valueBytes: 4096, slowWatchers: 100),
        ]);

    private SuiteRow Watch(string name, WorkloadKind workload, int watchers)
    {
        var row = Unary(name, workload, clients: 100);
        return row with { Options = row.Options with { Watchers = watchers } };
    }

    private SuiteRow AtRate(string name, int watchers, double putsPerSecond, int valueBytes = 256, int slowWatchers = 0)
    {
        var row = Watch(name, WorkloadKind.WatchFanout, watchers);
        return row with { Options = row.Options with { PutsPerSecond = putsPerSecond, ValueBytes = valueBytes, SlowWatchers = slowWatchers } };
    }

    private SuiteRow Cold => new(
        $"cold start: put, 100 clients, first {ColdSeconds:0.#} s",
        new LoadOptions { Workload = WorkloadKind.Put, Seconds = ColdSeconds, WarmupSeconds = 0 });

    private SuiteRow WarmingUp => new(
        $"warm-up: put, 100 clients, next {HotSeconds:0.#} s",
        new LoadOptions { Workload = WorkloadKind.Put, Seconds = HotSeconds, WarmupSeconds = 0 });

    private SuiteRow Unary(string name, WorkloadKind workload, int clients) => new(
        name, new LoadOptions { Workload = workload, Clients = clients, Seconds = Seconds, WarmupSeconds = WarmupSeconds });

    private SuiteRow FanoutAtRate(double putsPerSecond)
    {
        var row = Unary($"watch: 1,000 watchers of one key at {putsPerSecond:0} puts/s, events", WorkloadKind.WatchFanout, 1);
        return row with { Options = row.Options with { PutsPerSecond = putsPerSecond } };
    }
}
