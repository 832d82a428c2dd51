using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using static Conformance.V3.Messages;

namespace Conformance.V3;

/// <summary>Put, DeleteRange and Compact (v3-semantics §1, §2.2, §2.3, §2.5).</summary>
internal static class WriteScenarios
{
    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("put/versions", Versions);
        yield return new("put/prev-kv", PrevKv);
        yield return new("put/ignore-value", IgnoreValue);
        yield return new("put/ignore-lease", IgnoreLease);
        yield return new("put/lease", Lease);
        yield return new("put/validation", PutValidation);
        yield return new("put/empty-and-same-value", EmptyAndSame);
        yield return new("delete/key-and-ranges", DeleteRanges);
        yield return new("delete/prev-kvs", DeletePrevKvs);
        yield return new("delete/nothing", DeleteNothing);
        yield return new("delete/validation", s => s.Delete(new DeleteRangeRequest()));
        yield return new("compact/keeps-and-drops", CompactKeepsAndDrops);
        yield return new("compact/errors", CompactErrors);
        yield return new("compact/current", CompactCurrent);
        yield return new("compact/physical", s => CompactPhysical(s));
        yield return new("compact/tombstone", CompactTombstone);
    }

    private static async Task Versions(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Put("other", "x");
        await s.Range(Get("k"));
        await s.Delete(Del("k"));
        await s.Range(Get("k"));
        await s.Put("k", "3");
        await s.Range(Get("k"));
        await s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(2) });
        await s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(4) });
    }

    private static async Task PrevKv(GrpcSession s)
    {
        await s.Put(new PutRequest { Key = B("k"), Value = B("1"), PrevKv = true });
        await s.Put(new PutRequest { Key = B("k"), Value = B("2"), PrevKv = true });
        await s.Delete(Del("k"));
        await s.Put(new PutRequest { Key = B("k"), Value = B("3"), PrevKv = true });
    }

    private static async Task IgnoreValue(GrpcSession s)
    {
        await s.Grant(600, 7101);
        await s.Put(new PutRequest { Key = B("missing"), IgnoreValue = true });
        await s.Put("k", "kept", 7101);
        await s.Put(new PutRequest { Key = B("k"), IgnoreValue = true, PrevKv = true });
        await s.Range(Get("k"));
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7101, Keys = true });
        await s.Put(new PutRequest { Key = B("k"), IgnoreValue = true, Lease = 7101 });
        await s.Range(Get("k"));
        await s.Put(new PutRequest { Key = B("k"), IgnoreValue = true, IgnoreLease = true });
        await s.Range(Get("k"));
    }

    private static async Task IgnoreLease(GrpcSession s)
    {
        await s.Grant(600, 7102);
        await s.Put(new PutRequest { Key = B("missing"), Value = B("v"), IgnoreLease = true });
        await s.Put("k", "1", 7102);
        await s.Put(new PutRequest { Key = B("k"), Value = B("2"), IgnoreLease = true });
        await s.Range(Get("k"));
        await s.Put(new PutRequest { Key = B("k"), Value = B("3"), IgnoreLease = true, Lease = 7102 });
        await s.Put(new PutRequest { Key = B("k"), Value = B("4"), IgnoreLease = true, Lease = 9999 });
        await s.Put("k", "5");
        await s.Range(Get("k"));
        await s.Put(new PutRequest { Key = B("k"), Value = B("6"), IgnoreLease = true });
        await s.Range(Get("k"));
    }

    private static async Task Lease(GrpcSession s)
    {
        await s.Grant(600, 7103);
        await s.Grant(600, 7104);
        await s.Put("k", "1", 7103);
        await s.Put("k", "2", 7104);
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7103, Keys = true });
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7104, Keys = true });
        await s.Put("k", "3", 424242);
        await s.Put("k", "3", -1);
        await s.Range(Get("k"));
    }

    private static async Task PutValidation(GrpcSession s)
    {
        await s.Put("", "v");
        await s.Put(new PutRequest());
        await s.Put(new PutRequest { Key = B("k"), Value = B("v"), IgnoreValue = true });
        await s.Put(new PutRequest { Key = B("k"), Lease = 5, IgnoreLease = true });
        await s.Put(new PutRequest { Key = B("k"), Value = B("v"), Lease = 5, IgnoreLease = true, IgnoreValue = true });
        await s.Put(new PutRequest { Value = B("v"), IgnoreValue = true });
        await s.Range(Get("k"));
    }

    private static async Task EmptyAndSame(GrpcSession s)
    {
        await s.Put("k", "");
        await s.Put("k", "");
        await s.Put("k", "v");
        await s.Put("k", "v");
        await s.Range(Get("k"));
    }

    private static async Task DeleteRanges(GrpcSession s)
    {
        foreach (var key in (string[])["a", "b", "b1", "b2", "c", "d", "e"])
            await s.Put(key, key);
        await s.Delete(Del("a"));
        await s.Delete(Del("b", "c"));
        await s.Delete(Del("z", "a"));
        await s.Range(new RangeRequest { Key = FromKey, RangeEnd = FromKey });
        await s.Delete(new DeleteRangeRequest { Key = B("d"), RangeEnd = FromKey });
        await s.Delete(new DeleteRangeRequest { Key = FromKey, RangeEnd = FromKey });
        await s.Range(new RangeRequest { Key = FromKey, RangeEnd = FromKey });
    }

    private static async Task DeletePrevKvs(GrpcSession s)
    {
        await s.Grant(600, 7105);
        await s.Put("b", "1");
        await s.Put("a", "2", 7105);
        await s.Put("b", "3");
        await s.Delete(new DeleteRangeRequest { Key = B("a"), RangeEnd = B("z"), PrevKv = true });
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7105, Keys = true });
    }

    private static async Task DeleteNothing(GrpcSession s)
    {
        await s.Delete(Del("missing"));
        await s.Delete(new DeleteRangeRequest { Key = B("missing"), RangeEnd = FromKey, PrevKv = true });
        await s.Put("k", "v");
    }

    private static async Task CompactKeepsAndDrops(GrpcSession s)
    {
        await s.Put("a", "1");
        await s.Put("b", "1");
        await s.Put("a", "2");
        await s.Delete(Del("b"));
        await s.Put("a", "3");
        await s.Put("c", "1");
        await s.Compact(s.Rev(4));
        for (var distance = 3; distance <= 6; distance++)
            await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(distance) });
        await s.Put("b", "2");
        await s.Range(Get("a", "z"));
    }

    private static async Task CompactErrors(GrpcSession s)
    {
        await s.Put("a", "1");
        await s.Put("a", "2");
        await s.Compact(s.Rev(3));
        await s.Compact(long.MaxValue);
        await s.Compact(s.Rev(1));
        await s.Compact(s.Rev(1));
        await s.Compact(s.Rev(0));
        await s.Compact(0);
        await s.Compact(-1);
        await s.Put("a", "3");
    }

    private static async Task CompactCurrent(GrpcSession s)
    {
        await s.Put("a", "1");
        await s.Put("a", "2");
        await s.Delete(Del("a"));
        await s.Put("b", "1");
        await s.Compact(s.Rev(4));
        await s.Range(Get("a", "z"));
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(4) });
        await s.Put("a", "3");
        await s.Range(Get("a"));
    }

    private static async Task CompactPhysical(GrpcSession s)
    {
        for (var i = 0; i < 20; i++)
            await s.Put("k", $"{i}");
        await s.Compact(s.Rev(15), physical: true);
        await s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(14) });
        await s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(15) });
        await s.Compact(s.Rev(15), physical: true);
    }

    private static async Task CompactTombstone(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Delete(Del("k"));
        await s.Put("x", "1");
        await s.Compact(s.Rev(2));
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", from: s.Rev(2)));
        await watch.Read();
        await s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(2) });
    }
}
