using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using static Conformance.V3.Messages;
using static EtcdApi.Etcdserverpb.RangeRequest.Types;

namespace Conformance.V3;

/// <summary>Range with every option on one data set (v3-semantics §1.1, §2.1).</summary>
internal static class RangeScenarios
{
    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("range/empty-store", async s => await s.Range(Get("a", "z")));
        yield return new("range/intervals", Intervals);
        yield return new("range/limit-and-more", LimitAndMore);
        foreach (var target in Enum.GetValues<SortTarget>())
            yield return new($"range/sort-by-{target}".ToLowerInvariant(), s => Sorted(s, target));
        yield return new("range/unknown-sort-order", UnknownOrder);
        yield return new("range/keys-only-and-count-only", KeysOnlyAndCountOnly);
        yield return new("range/revision-filters", RevisionFilters);
        yield return new("range/at-every-revision", AtEveryRevision);
        yield return new("range/revision-errors", RevisionErrors);
        yield return new("range/serializable", Serializable);
        yield return new("range/pages", Pages);
        yield return new("range/empty-key", s => s.Range(new RangeRequest()));
        yield return new("range/binary-keys", BinaryKeys);
        yield return new("range/large-values", LargeValues);
    }

    // Create, mod, version, value and key orders all differ from each other; d and d2 are gone.
    private static async Task Fill(GrpcSession s)
    {
        await s.Put("c", "5");
        await s.Put("a", "9");
        await s.Put("e", "1");
        await s.Put("d", "0");
        await s.Put("b", "7");
        await s.Put("a", "3");
        await s.Put("d2", "x");
        await s.Put("aa", "4");
        await s.Put("c", "6");
        await s.Put("c", "2");
        await s.Delete(Del("d", "e"));
    }

    private static async Task Intervals(GrpcSession s)
    {
        await Fill(s);
        await s.Range(Get("a"));
        await s.Range(Get("missing"));
        await s.Range(Get("a", "c"));
        await s.Range(Get("a", "b"));
        await s.Range(Get("c", "a"));
        await s.Range(Get("c", "c"));
        await s.Range(new RangeRequest { Key = B("b"), RangeEnd = FromKey });
        await s.Range(new RangeRequest { Key = FromKey, RangeEnd = FromKey });
        await s.Range(new RangeRequest { Key = FromKey });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = ByteString.CopyFrom(0, 0) });
    }

    private static async Task LimitAndMore(GrpcSession s)
    {
        await Fill(s);
        foreach (var limit in (long[])[-1, 0, 1, 4, 5, 6, long.MaxValue])
        {
            await s.Range(new RangeRequest { Key = B("a"), RangeEnd = FromKey, Limit = limit });
            await s.Range(new RangeRequest { Key = B("a"), RangeEnd = FromKey, Limit = limit, CountOnly = true });
            await s.Range(new RangeRequest { Key = B("a"), RangeEnd = FromKey, Limit = limit, SortOrder = SortOrder.Descend });
        }
    }

    private static async Task Sorted(GrpcSession s, SortTarget target)
    {
        await Fill(s);
        foreach (var order in Enum.GetValues<SortOrder>())
        {
            var request = new RangeRequest { Key = B("a"), RangeEnd = B("z"), SortOrder = order, SortTarget = target };
            await s.Range(request);
            await s.Range(new RangeRequest(request) { Limit = 2 });
            await s.Range(new RangeRequest(request) { KeysOnly = true, Limit = 3 });
            await s.Range(new RangeRequest(request) { Revision = s.Rev(6) });
        }
    }

    private static async Task UnknownOrder(GrpcSession s)
    {
        await Fill(s);
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), SortOrder = (SortOrder)7 });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), SortOrder = (SortOrder)7, SortTarget = SortTarget.Mod });
    }

    private static async Task KeysOnlyAndCountOnly(GrpcSession s)
    {
        await Fill(s);
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), KeysOnly = true });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), CountOnly = true });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), CountOnly = true, KeysOnly = true });
        await s.Range(new RangeRequest { Key = B("missing"), CountOnly = true });
        await s.Range(new RangeRequest { Key = B("a"), CountOnly = true, Revision = s.Rev(1) });
    }

    private static async Task RevisionFilters(GrpcSession s)
    {
        await Fill(s);
        for (var distance = 1; distance <= 10; distance += 3)
        {
            var all = Get("a", "z");
            await s.Range(new RangeRequest(all) { MinModRevision = s.Rev(distance) });
            await s.Range(new RangeRequest(all) { MaxModRevision = s.Rev(distance) });
            await s.Range(new RangeRequest(all) { MinCreateRevision = s.Rev(distance), Limit = 1 });
            await s.Range(new RangeRequest(all) { MaxCreateRevision = s.Rev(distance), SortOrder = SortOrder.Descend, SortTarget = SortTarget.Value });
            await s.Range(new RangeRequest(all) { MinModRevision = s.Rev(distance), MaxModRevision = s.Rev(distance + 3), CountOnly = true });
        }
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), MinModRevision = s.Rev(9), MaxModRevision = s.Rev(2) });
    }

    private static async Task AtEveryRevision(GrpcSession s)
    {
        await Fill(s);
        for (var distance = 0; distance <= 11; distance++)
            await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(distance) });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = -5 });
    }

    private static async Task RevisionErrors(GrpcSession s)
    {
        await Fill(s);
        await s.Range(new RangeRequest { Key = B("a"), Revision = s.Rev(12) });
        await s.Range(new RangeRequest { Key = B("a"), Revision = long.MaxValue });
        await s.Compact(s.Rev(5));
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(4) });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(4), Serializable = true });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = s.Rev(5) });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = 1 });
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Revision = 1, CountOnly = true });
    }

    private static async Task Serializable(GrpcSession s)
    {
        await Fill(s);
        await s.Range(new RangeRequest { Key = B("a"), RangeEnd = B("z"), Serializable = true });
        await s.Range(new RangeRequest { Key = B("a"), Serializable = true, Revision = s.Rev(2) });
        await s.Range(new RangeRequest { Key = B("a"), Serializable = true, Revision = s.Rev(99) });
    }

    private static async Task Pages(GrpcSession s)
    {
        for (var i = 0; i < 7; i++)
            await s.Put($"page/{i}", $"{i}");
        var key = B("page/");
        var revision = 0L;
        for (var more = true; more;)
        {
            var page = await s.Range(new RangeRequest { Key = key, RangeEnd = B("page0"), Limit = 3, Revision = revision });
            if (page is null)
                return;
            revision = revision == 0 ? page.Header.Revision : revision;
            more = page.More;
            key = ByteString.CopyFrom([.. page.Kvs[^1].Key.Span, 0]);
            await s.Put("page/5", "written between the pages");
        }
    }

    private static async Task BinaryKeys(GrpcSession s)
    {
        byte[][] keys = [[0], [0, 0], [0, 1], [0x7f], [0x80], [0xff], [0xff, 0xff], [0xff, 0], [(byte)'k', 0], [(byte)'k', 0xff]];
        foreach (var key in keys)
            await s.Put(new PutRequest { Key = ByteString.CopyFrom(key), Value = ByteString.CopyFrom(key) });
        await s.Range(new RangeRequest { Key = FromKey, RangeEnd = FromKey });
        await s.Range(new RangeRequest { Key = ByteString.CopyFrom(0xff), RangeEnd = FromKey });
        await s.Range(new RangeRequest { Key = B("k"), RangeEnd = B("l"), SortOrder = SortOrder.Descend });
        await s.Range(new RangeRequest { Key = ByteString.CopyFrom(0, 0), RangeEnd = ByteString.CopyFrom(0x80) });
    }

    private static async Task LargeValues(GrpcSession s)
    {
        foreach (var size in (int[])[1, 4_000, 4_096, 70_000, 1_000_000])
            await s.Put(new PutRequest { Key = B($"size/{size:d8}"), Value = Filled(size), PrevKv = true });
        await s.Range(Get("size/", "size0"));
        await s.Put(new PutRequest { Key = B("size/00070000"), Value = ByteString.Empty, PrevKv = true });
        await s.Range(Get("size/", "size0"));
    }

    private static ByteString Filled(int size) =>
        ByteString.CopyFrom([.. Enumerable.Range(0, size).Select(i => (byte)(i * 31 % 251))]);
}
