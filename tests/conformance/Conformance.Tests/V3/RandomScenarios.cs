using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using static Conformance.V3.Messages;
using static EtcdApi.Etcdserverpb.Compare.Types;
using static EtcdApi.Etcdserverpb.RangeRequest.Types;

namespace Conformance.V3;

/// <summary>
/// Seeded random sequences of put, delete, txn, range and compaction over few keys, so that operations meet. Every
/// answer is compared, and the whole key space after each write. A seed that once failed stays in the list.
/// </summary>
internal static class RandomScenarios
{
    private const int Steps = 120;

    private static readonly int[] s_seeds = [.. Settings.Seeds(1, 33).Union([82])];

    // Fewer than twelve keys: etcd 3.5 sorts unstably, but keeps the order of equal elements in short lists.
    private static readonly string[] s_keys = ["a", "b", "c", "ca", "d", "e"];

    public static IEnumerable<Scenario<GrpcSession>> All() =>
        s_seeds.Select(seed => new Scenario<GrpcSession>($"random/seed-{seed:d2}", s => Run(s, seed)));

    private static async Task Run(GrpcSession s, int seed)
    {
        var random = new Random(seed);
        await s.Grant(600, 8001);
        await s.Grant(600, 8002);
        // The newest and the compacted revision so far, relative to the start: what random revisions are drawn around.
        var newest = 0L;
        var compacted = 0L;
        for (var step = 0; step < Steps; step++)
        {
            switch (random.Next(10))
            {
                case < 3:
                    newest = Distance(s, (await s.Put(AnyPut(random)))?.Header, newest);
                    break;
                case 3:
                    newest = Distance(s, (await s.Delete(AnyDelete(random)))?.Header, newest);
                    break;
                case < 6:
                    newest = Distance(s, (await s.Txn(AnyTxn(random, s, newest)))?.Header, newest);
                    break;
                case < 9:
                    await s.Range(AnyRange(random, s, newest));
                    break;
                default:
                    var at = random.NextInt64(compacted - 1, newest + 2);
                    // Rarely really compacted, so that history stays long enough to be interesting.
                    if (random.Next(3) == 0 && await s.Compact(s.Rev(at)) is not null)
                        compacted = at;
                    break;
            }
            await s.Range(Get("a", "z"));
        }
        await ReadWholeHistory(s, compacted, newest);
    }

    private static async Task ReadWholeHistory(GrpcSession s, long compacted, long newest)
    {
        var first = Math.Max(compacted, 1);
        if (newest < first)
            return;
        await s.Put("b", "the end");
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = B("z"), StartRevision = s.Rev(first), PrevKv = true }));
        await watch.ReadUntil(static answer => answer.Events.Any(e => e.Kv.Value.ToStringUtf8() == "the end"), ByRevision);
    }

    private static long Distance(GrpcSession s, ResponseHeader? header, long before) =>
        header is null ? before : header.Revision - s.Origin;

    internal static string Key(Random random) => s_keys[random.Next(s_keys.Length)];

    internal static PutRequest AnyPut(Random random)
    {
        var ignoreValue = random.Next(8) == 0;
        var ignoreLease = random.Next(8) == 0;
        return new()
        {
            Key = B(Key(random)),
            Value = ignoreValue && random.Next(4) != 0 ? ByteString.Empty : B($"v{random.Next(4)}"),
            Lease = ignoreLease ? 0 : random.Next(6) switch { 0 => 8001, 1 => 8002, 2 when random.Next(3) == 0 => 8999, _ => 0 },
            PrevKv = random.Next(2) == 0,
            IgnoreValue = ignoreValue,
            IgnoreLease = ignoreLease,
        };
    }

    internal static DeleteRangeRequest AnyDelete(Random random) =>
        new() { Key = B(Key(random)), RangeEnd = AnyEnd(random), PrevKv = random.Next(2) == 0 };

    internal static ByteString AnyEnd(Random random) => random.Next(6) switch
    {
        0 => FromKey,
        1 or 2 => B(Key(random)),
        _ => ByteString.Empty,
    };

    internal static RangeRequest AnyRange(Random random, GrpcSession s, long newest)
    {
        long AnyRevision(int oneIn) => random.Next(oneIn) == 0 ? s.Rev(random.NextInt64(0, newest + 2)) : 0;
        return new()
        {
            Key = B(Key(random)),
            RangeEnd = random.Next(3) == 0 ? AnyEnd(random) : FromKey,
            Limit = random.Next(2) == 0 ? random.Next(5) : 0,
            Revision = AnyRevision(2),
            SortOrder = (SortOrder)random.Next(3),
            SortTarget = (SortTarget)random.Next(5),
            Serializable = random.Next(4) == 0,
            KeysOnly = random.Next(6) == 0,
            CountOnly = random.Next(8) == 0,
            MinModRevision = AnyRevision(8),
            MaxModRevision = AnyRevision(8),
            MinCreateRevision = AnyRevision(8),
            MaxCreateRevision = AnyRevision(8),
        };
    }

    /// <summary>
    /// A txn that etcd 3.5 survives: on one that writes a key with ignore_value or ignore_lease behind its deletion it panics.
    /// </summary>
    internal static TxnRequest AnyTxn(Random random, GrpcSession s, long newest)
    {
        var txn = AnyTxn(random, s, newest, depth: 2);
        var ops = AllOps(txn).ToList();
        if (ops.Any(op => op.RequestDeleteRange is not null))
        {
            foreach (var put in ops.Select(op => op.RequestPut).OfType<PutRequest>())
                put.IgnoreValue = put.IgnoreLease = false;
        }
        return txn;
    }

    private static IEnumerable<RequestOp> AllOps(TxnRequest txn) =>
        txn.Success.Concat(txn.Failure).SelectMany(op => op.RequestTxn is { } inner ? AllOps(inner) : [op]);

    private static TxnRequest AnyTxn(Random random, GrpcSession s, long newest, int depth)
    {
        var txn = new TxnRequest();
        for (var i = random.Next(3); i > 0; i--)
            txn.Compare.Add(AnyCompare(random, s, newest));
        for (var i = random.Next(4); i > 0; i--)
            txn.Success.Add(AnyOp(random, s, newest, depth));
        for (var i = random.Next(3); i > 0; i--)
            txn.Failure.Add(AnyOp(random, s, newest, depth));
        return txn;
    }

    private static RequestOp AnyOp(Random random, GrpcSession s, long newest, int depth) => random.Next(10) switch
    {
        < 5 => Op(AnyPut(random)),
        < 7 => Op(AnyDelete(random)),
        9 when depth > 1 => Op(AnyTxn(random, s, newest, depth - 1)),
        _ => Op(AnyRange(random, s, newest)),
    };

    private static Compare AnyCompare(Random random, GrpcSession s, long newest)
    {
        var compare = new Compare { Key = B(Key(random)), RangeEnd = AnyEnd(random), Result = (CompareResult)random.Next(4) };
        switch (random.Next(5))
        {
            case 0:
                (compare.Target, compare.Version) = (CompareTarget.Version, random.Next(4));
                break;
            case 1:
                (compare.Target, compare.CreateRevision) = (CompareTarget.Create, s.Rev(random.NextInt64(0, newest + 1)));
                break;
            case 2:
                (compare.Target, compare.ModRevision) = (CompareTarget.Mod, s.Rev(random.NextInt64(0, newest + 1)));
                break;
            case 3:
                (compare.Target, compare.Value) = (CompareTarget.Value, B($"v{random.Next(4)}"));
                break;
            default:
                (compare.Target, compare.Lease) = (CompareTarget.Lease, 8000 + random.Next(3));
                break;
        }
        return compare;
    }
}
