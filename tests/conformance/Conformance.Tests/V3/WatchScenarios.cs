using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using static Conformance.V3.Messages;
using static EtcdApi.Etcdserverpb.WatchCreateRequest.Types;

namespace Conformance.V3;

/// <summary>Shapes and guarantees of the watch stream (v3-semantics §3).</summary>
internal static class WatchScenarios
{
    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("watch/key", Key);
        yield return new("watch/prefix-and-from-key", Intervals);
        yield return new("watch/empty-key", EmptyKey);
        yield return new("watch/history", History);
        yield return new("watch/history-then-live", HistoryThenLive);
        yield return new("watch/txn-is-one-response", TxnIsOneResponse);
        yield return new("watch/prev-kv", PrevKv);
        yield return new("watch/prev-kv-compacted", PrevKvCompacted);
        yield return new("watch/prev-kv-within-a-txn", PrevKvWithinTxn);
        yield return new("watch/filters", Filters);
        yield return new("watch/future-revision", FutureRevision);
        yield return new("watch/negative-revision", NegativeRevision);
        yield return new("watch/compacted", Compacted);
        yield return new("watch/compacted-just-now", CompactedJustNow);
        yield return new("watch/compacted-and-its-id", CompactedAndItsId);
        yield return new("watch/compacted-while-it-stands", CompactedWhileItStands);
        yield return new("watch/future-revision-then-compacted", FutureThenCompacted);
        yield return new("watch/odd-ids", OddIds);
        yield return new("watch/cancel", CancelOne);
        yield return new("watch/cancel-unknown", CancelUnknown);
        yield return new("watch/own-ids", OwnIds);
        yield return new("watch/duplicate-id", DuplicateId);
        yield return new("watch/empty-range", EmptyRange);
        yield return new("watch/several-on-one-stream", Several);
        yield return new("watch/progress", ManualProgress);
        yield return new("watch/unset-request", UnsetRequest);
        yield return new("watch/half-close", HalfClosed);
        yield return new("watch/fragments", Fragments);
        yield return new("watch/large-event-without-fragment", LargeWithoutFragment);
        yield return new("watch/lease-revoke", LeaseRevoke);
        yield return new("watch/has-leader", HasLeader);
        yield return new("watch/no-op-writes-are-silent", NoOps);
        yield return new("watch/binary-keys", BinaryKeys);
    }

    private static async Task Key(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await s.Put("k", "1");
        await watch.Read();
        await s.Put("other", "x");
        await s.Put("k", "2");
        await watch.Read();
        await s.Delete(Del("k"));
        await watch.Read();
        await s.Put("k", "3");
        await watch.Read();
    }

    private static async Task Intervals(GrpcSession s)
    {
        await using var prefix = s.OpenWatch();
        await using var rest = s.OpenWatch();
        await prefix.Ask(Watch("p/", "p0"));
        await rest.Ask(Create(new WatchCreateRequest { Key = B("p/2"), RangeEnd = FromKey }));
        foreach (var key in (string[])["p", "p/", "p/1", "p/2", "p0", "q", "o"])
            await s.Put(key, "v");
        for (var i = 0; i < 3; i++)
            await prefix.Read();
        for (var i = 0; i < 3; i++)
            await rest.Read();
    }

    private static async Task EmptyKey(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { RangeEnd = FromKey }));
        await s.Put("any", "v");
        await watch.Read();
        await using var one = s.OpenWatch();
        await one.Ask(Create(new WatchCreateRequest()));
        await s.Put(new PutRequest { Key = FromKey, Value = B("the key of one zero byte") });
        await one.Read();
    }

    private static async Task History(GrpcSession s)
    {
        await s.Put("a", "1");
        await s.Put("b", "1");
        await s.Put("a", "2");
        await s.Delete(Del("a", "c"));
        await s.Put("a", "3");
        foreach (var (distance, events) in ((int, int)[])[(1, 6), (2, 5), (3, 4), (4, 3), (5, 1)])
        {
            await using var watch = s.OpenWatch();
            await watch.Ask(Watch("a", "z", s.Rev(distance)));
            await ReadEvents(watch, events);
        }
        await using var old = s.OpenWatch();
        await old.Ask(Watch("b", from: s.Rev(3)));
        await old.Read();
    }

    private static async Task HistoryThenLive(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", from: s.Rev(1)));
        await ReadEvents(watch, 2);
        await s.Put("k", "3");
        await watch.Read();
        await s.Delete(Del("k"));
        await watch.Read();
    }

    private static async Task TxnIsOneResponse(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("a", "z"));
        await s.Txn(Then(Op(PutOf("c", "1")), Op(PutOf("a", "1")), Op(PutOf("b", "1"))));
        await watch.Read();
        await s.Txn(Then(Op(Del("b", "d")), Op(PutOf("a", "2"))));
        await watch.Read();
        await s.Delete(Del("a", "z"));
        await watch.Read();
    }

    private static async Task PrevKv(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), PrevKv = true }));
        await s.Put("k", "1");
        await watch.Read();
        await s.Put("k", "2");
        await watch.Read();
        await s.Delete(Del("k"));
        await watch.Read();
        await using var history = s.OpenWatch();
        await history.Ask(Create(new WatchCreateRequest { Key = B("k"), PrevKv = true, StartRevision = s.Rev(1) }));
        await ReadEvents(history, 3);
    }

    private static async Task PrevKvCompacted(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Put("k", "3");
        await s.Compact(s.Rev(2));
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), PrevKv = true, StartRevision = s.Rev(2) }));
        await ReadEvents(watch, 2);
    }

    // What a key held before the transaction, whichever of its operations deletes it. A key that is put is in no other operation: that is refused. From history and live.
    private static async Task PrevKvWithinTxn(GrpcSession s)
    {
        var twice = Then(Op(Del("k")), Op(Del("a", "z")));
        await s.Txn(Then(Op(PutOf("k", "in the txn")), Op(Del("a", "z"))));
        await s.Put("k", "before");
        await s.Put("l", "before");
        await s.Txn(twice);
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = B("z"), PrevKv = true, StartRevision = s.Rev(3) }));
        await watch.Read();
        await s.Put("k", "again");
        await watch.Read();
        await s.Txn(twice);
        await watch.Read();
        await s.Txn(Then(Op(PutOf("k", "anew")), Op(PutOf("l", "anew"))));
        await watch.Read();
    }

    private static async Task Filters(GrpcSession s)
    {
        await using var deletes = s.OpenWatch();
        await using var puts = s.OpenWatch();
        await using var nothing = s.OpenWatch();
        await deletes.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = B("z"), Filters = { FilterType.Noput } }));
        await puts.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = B("z"), Filters = { FilterType.Nodelete } }));
        await nothing.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = B("z"), Filters = { FilterType.Nodelete, FilterType.Noput } }));
        await s.Put("k", "1");
        await s.Delete(Del("k"));
        await s.Put("l", "2");
        await s.Txn(Then(Op(Del("l")), Op(PutOf("m", "3"))));
        await deletes.Read();
        await deletes.Read();
        await puts.Read();
        await puts.Read();
        await puts.Read();
        // The answer to the cancel is the first thing that the watcher of nothing says.
        await nothing.Ask(Cancel(0));
    }

    private static async Task FutureRevision(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", from: s.Rev(3)));
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Put("k", "3");
        await watch.Read();
        await s.Put("k", "4");
        await watch.Read();
    }

    private static async Task NegativeRevision(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", from: -1));
        await watch.Ask(Watch("k"));
    }

    private static async Task Compacted(GrpcSession s)
    {
        for (var i = 1; i <= 5; i++)
            await s.Put("k", $"{i}");
        await s.Compact(s.Rev(3));
        await using var below = s.OpenWatch();
        await below.Ask(Watch("k", from: s.Rev(2)));
        await below.Read();
        await below.Ask(Watch("k", from: 1));
        await below.Read();
        await using var at = s.OpenWatch();
        await at.Ask(Watch("k", from: s.Rev(3)));
        await ReadEvents(at, 3);
    }

    // Whatever the server's memory of recent events still holds.
    private static async Task CompactedJustNow(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("other"));
        for (var i = 1; i <= 20; i++)
        {
            await s.Put("k", $"{i} first");
            await s.Put("k", $"{i} second");
            await s.Compact(s.Rev(2 * i));
            await watch.Ask(Watch("k", from: s.Rev((2 * i) - 1)));
            await watch.Read();
        }
    }

    private static async Task CompactedAndItsId(GrpcSession s)
    {
        for (var i = 1; i <= 3; i++)
            await s.Put("k", $"{i}");
        await s.Compact(s.Rev(3));
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = 5, StartRevision = s.Rev(1) }));
        await watch.Read();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("l"), WatchId = 5 }));
        await watch.Ask(Watch("l"));
        await watch.Send(Cancel(5));
        await watch.Ask(Create(new WatchCreateRequest { Key = B("m"), WatchId = 5 }));
        await watch.Send(Cancel(5));
        await watch.Read();
    }

    private static async Task CompactedWhileItStands(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await s.Put("k", "1");
        await watch.Read();
        await s.Put("other", "1");
        await s.Put("other", "2");
        await s.Compact(s.Rev(3));
        await s.Put("k", "2");
        await watch.Read();
    }

    private static async Task FutureThenCompacted(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", from: s.Rev(3)));
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Compact(s.Rev(2));
        await s.Put("k", "3");
        await watch.Read();
    }

    private static async Task OddIds(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        foreach (var id in (long[])[-1, long.MaxValue, long.MinValue, 3])
            await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = id }));
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = -1 }));
        await s.Put("k", "1");
        await watch.ReadInOrderOf(4, response => response.WatchId);
        foreach (var id in (long[])[-1, long.MaxValue, long.MinValue])
            await watch.Ask(Cancel(id));
        await s.Put("k", "2");
        await watch.Read();
    }

    private static async Task CancelOne(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await s.Put("k", "1");
        await watch.Read();
        await watch.Ask(Cancel(0));
        await s.Put("k", "2");
        await watch.Ask(Watch("k"));
        await s.Put("k", "3");
        await watch.Read();
    }

    private static async Task CancelUnknown(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Send(Cancel(5));
        await watch.Ask(Watch("k"));
        await watch.Ask(Cancel(0));
        await watch.Send(Cancel(0));
        await watch.Send(Cancel(-1));
        await watch.Ask(Watch("k"));
    }

    private static async Task OwnIds(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = 2 }));
        await watch.Ask(Watch("k"));
        await watch.Ask(Watch("k"));
        await watch.Ask(Watch("k"));
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = 77 }));
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = -7 }));
        await s.Put("k", "v");
        await watch.ReadInOrderOf(6, response => response.WatchId);
    }

    private static async Task DuplicateId(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), WatchId = 5 }));
        await watch.Ask(Create(new WatchCreateRequest { Key = B("l"), WatchId = 5 }));
        await watch.Ask(Cancel(5));
        await watch.Ask(Create(new WatchCreateRequest { Key = B("l"), WatchId = 5 }));
        await s.Put("l", "v");
        await watch.Read();
    }

    private static async Task EmptyRange(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", "a"));
        await watch.Ask(Watch("k", "k"));
        await watch.Ask(Watch("k"));
        await s.Put("k", "v");
        await watch.Read();
    }

    private static async Task Several(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("a"));
        await watch.Ask(Watch("a", "c"));
        await watch.Ask(Watch("b"));
        await s.Txn(Then(Op(PutOf("a", "1")), Op(PutOf("b", "1"))));
        await watch.ReadInOrderOf(3, response => response.WatchId);
        await s.Put("b", "2");
        await watch.ReadInOrderOf(2, response => response.WatchId);
        await watch.Ask(Cancel(1));
        await s.Put("b", "3");
        await watch.Read();
    }

    private static async Task ManualProgress(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await watch.AskUntilAnswered(Progress());
        await using var second = s.OpenWatch();
        await second.Ask(Watch("k"));
        await s.Put("other", "1");
        await s.Put("k", "1");
        await second.Read();
        await second.AskUntilAnswered(Progress());
    }

    private static async Task UnsetRequest(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Send(new WatchRequest());
        await watch.Ask(Watch("k"));
        await watch.Send(new WatchRequest());
        await s.Put("k", "v");
        await watch.Read();
    }

    private static async Task HalfClosed(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await watch.HalfClose();
        await s.Put("k", "v");
        await watch.Read();
    }

    // Live events only: what etcd finds while catching up may overtake its answer to the create request, and is then
    // sent whole although fragments were asked for. One revision of previous values exceeds the limit as well.
    private static async Task Fragments(GrpcSession s)
    {
        var value = ByteString.CopyFrom(new byte[700_000]);
        for (var i = 0; i < 4; i++)
            await s.Put(new PutRequest { Key = B($"k{i}"), Value = value });
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("k"), RangeEnd = B("l"), Fragment = true, PrevKv = true }));
        await s.Txn(Then(
            Op(new PutRequest { Key = B("k0"), Value = value }),
            Op(new PutRequest { Key = B("k1"), Value = value })));
        await ReadPieces(watch);
        await s.Delete(Del("k", "l"));
        await ReadPieces(watch);
        await s.Put("k", "small");
        await ReadPieces(watch);
    }

    private static async Task ReadPieces(MessageStream<WatchRequest, WatchResponse> watch)
    {
        while (await watch.Read() is { Fragment: true })
        {
        }
    }

    private static async Task LargeWithoutFragment(GrpcSession s)
    {
        var value = ByteString.CopyFrom(new byte[700_000]);
        for (var i = 0; i < 4; i++)
            await s.Put(new PutRequest { Key = B($"k{i}"), Value = value });
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k", "l", s.Rev(1)));
        await ReadEvents(watch, 4);
    }

    private static Task ReadEvents(MessageStream<WatchRequest, WatchResponse> watch, int count)
    {
        var read = 0;
        return watch.ReadUntil(message => (read += message.Events.Count) >= count, ByRevision);
    }

    private static async Task LeaseRevoke(GrpcSession s)
    {
        await s.Grant(600, 7201);
        await s.Put("z", "1", 7201);
        await s.Put("a", "1", 7201);
        await s.Put("m", "1", 7201);
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = FromKey, PrevKv = true }));
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7201 });
        await watch.Read();
        await s.Range(Get("a", "zz"));
    }

    private static async Task HasLeader(GrpcSession s)
    {
        await using var watch = s.OpenWatch(new Metadata { { "hasleader", "true" } });
        await watch.Ask(Watch("k"));
        await s.Put("k", "v");
        await watch.Read();
    }

    private static async Task NoOps(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("a", "z"));
        await s.Delete(Del("missing"));
        await s.Txn(Then(Op(Get("a"))));
        await s.Txn(Then(Op(PutOf("a", "1")), Op(new RangeRequest { Key = B("a"), Revision = s.Rev(9) })));
        await s.Grant(600, 7202);
        await s.Put("a", "2");
        await watch.Read();
    }

    private static async Task BinaryKeys(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = ByteString.CopyFrom(0xff), RangeEnd = FromKey }));
        await s.Put(new PutRequest { Key = ByteString.CopyFrom(0xfe, 0xff), Value = B("before") });
        await s.Put(new PutRequest { Key = ByteString.CopyFrom(0xff, 0), Value = ByteString.CopyFrom(0, 0xff, 0x80) });
        await watch.Read();
    }
}
