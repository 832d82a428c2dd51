using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using static Conformance.V3.Messages;

namespace Conformance.V3;

/// <summary>Leases over gRPC (v3-semantics §4).</summary>
internal static class LeaseScenarios
{
    // Of leases that end by themselves: what is to be done with one before takes less, also where a write waits long for its disk.
    private const int ShortTtl = 5;

    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("lease/grant-ids", GrantIds);
        yield return new("lease/grant-ttl-bounds", TtlBounds);
        yield return new("lease/grant-any-id", GrantAnyId);
        yield return new("lease/revoke", Revoke);
        yield return new("lease/revoke-missing", RevokeMissing);
        yield return new("lease/time-to-live", TimeToLive);
        yield return new("lease/list", List);
        yield return new("lease/keep-alive", KeepAlive);
        yield return new("lease/keep-alive-half-close", KeepAliveHalfClose);
        yield return new("lease/expiry", Expiry);
        yield return new("lease/keep-alive-prolongs", Prolongs);
        yield return new("lease/attach-detach", AttachDetach);
        yield return new("lease/in-txn", InTxn);
        yield return new("lease/in-txn-unknown", InTxnUnknown);
        yield return new("lease/put-unknown-and-ignored", PutUnknownAndIgnored);
        yield return new("lease/grant-again", GrantAgain);
        yield return new("lease/keep-alive-without-waiting", KeepAliveWithoutWaiting);
        yield return new("lease/expiry-of-one-kept-too-late", KeptTooLate);
    }

    private static async Task GrantIds(GrpcSession s)
    {
        await s.Grant(600, 7301);
        await s.Grant(600, 7301);
        await s.Grant(60, 7301);
        await s.Grant(600, -5);
        await s.Grant(600, long.MaxValue);
        await s.Grant(600, long.MinValue);
        await s.Put("k", "v", -5);
        await s.Range(Get("k"));
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = -5 });
        await s.Range(Get("k"));
    }

    private static async Task TtlBounds(GrpcSession s)
    {
        await s.Grant(0, 7310);
        await s.Grant(-1, 7311);
        await s.Grant(1, 7312);
        await s.Grant(2, 7313);
        await s.Grant(9_000_000_000, 7314);
        await s.Grant(9_000_000_001, 7315);
        await s.Grant(long.MaxValue, 7316);
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7314 });
    }

    private static async Task GrantAnyId(GrpcSession s)
    {
        var first = await s.GrantAnyId(600, "<lease 1>");
        var second = await s.GrantAnyId(600, "<lease 2>");
        await s.Put("k1", "v", first);
        await s.Put("k2", "v", second);
        await s.Range(Get("k", "l"));
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = first });
        await s.Range(Get("k", "l"));
    }

    private static async Task Revoke(GrpcSession s)
    {
        await s.Grant(600, 7320);
        await s.Grant(600, 7321);
        await s.Put("b", "1", 7320);
        await s.Put("a", "1", 7320);
        await s.Put("c", "1", 7321);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7320 });
        await s.Range(Get("a", "z"));
        s.Note("without keys there is no revision:");
        await s.Delete(Del("c"));
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7321 });
        await s.Put("d", "1");
        await s.Put("d", "2", 7320);
    }

    private static async Task RevokeMissing(GrpcSession s)
    {
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 424242 });
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest());
        await s.Grant(600, 7330);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7330 });
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7330 });
    }

    private static async Task TimeToLive(GrpcSession s)
    {
        await s.Grant(600, 7340);
        await s.Put("only", "1", 7340);
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7340 });
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7340, Keys = true });
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 424242, Keys = true });
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest());
    }

    private static async Task List(GrpcSession s)
    {
        await s.Call(Rpc.LeaseLeases, new LeaseLeasesRequest());
        await s.Grant(900, 7351);
        await s.Grant(300, 7352);
        await s.Grant(600, 7353);
        await s.Call(Rpc.LeaseLeases, new LeaseLeasesRequest());
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7353 });
        await s.Call(Rpc.LeaseLeases, new LeaseLeasesRequest());
    }

    private static async Task KeepAlive(GrpcSession s)
    {
        await s.Grant(600, 7361);
        await s.Grant(300, 7362);
        await using var stream = s.OpenKeepAlive();
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7361 });
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7362 });
        await stream.Ask(new LeaseKeepAliveRequest { ID = 424242 });
        await stream.Ask(new LeaseKeepAliveRequest());
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7361 });
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7361 });
        await s.Put("k", "v");
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7362 });
    }

    private static async Task KeepAliveHalfClose(GrpcSession s)
    {
        await s.Grant(600, 7363);
        await using var stream = s.OpenKeepAlive();
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7363 });
        await stream.HalfClose();
        await stream.Read();
    }

    private static async Task Expiry(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Create(new WatchCreateRequest { Key = B("a"), RangeEnd = FromKey, PrevKv = true }));
        await s.Grant(ShortTtl, 7370);
        await s.Put("y", "1", 7370);
        await watch.Read();
        await s.Put("x", "1", 7370);
        await watch.Read();
        s.Note("the lease ends by itself:");
        await watch.Read();
        await s.Range(Get("a", "z"));
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7370, Keys = true });
        await s.Put("x", "2", 7370);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7370 });
    }

    // A second lease, granted a little later and not kept alive, ends first: the order of the two deletions shows
    // that the first was prolonged, without looking at a clock.
    private static async Task Prolongs(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("a", "z"));
        await s.Grant(3, 7380);
        await s.Grant(3, 7381);
        await s.Put("kept", "1", 7380);
        await watch.Read();
        await s.Put("lost", "1", 7381);
        await watch.Read();
        await using var stream = s.OpenKeepAlive();
        for (var i = 0; i < 2; i++)
        {
            await Task.Delay(1000);
            await stream.Ask(new LeaseKeepAliveRequest { ID = 7380 });
        }
        await watch.Read();
        await watch.Read();
    }

    private static async Task AttachDetach(GrpcSession s)
    {
        await s.Grant(600, 7391);
        await s.Grant(600, 7392);
        await s.Put("k", "1", 7391);
        await s.Put("k", "2", 7392);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7391 });
        await s.Range(Get("k"));
        await s.Put("k", "3");
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7392 });
        await s.Range(Get("k"));
        await s.Grant(600, 7393);
        await s.Put("k", "4", 7393);
        await s.Delete(Del("k"));
        await s.Put("k", "5");
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7393 });
        await s.Range(Get("k"));
    }

    private static async Task InTxnUnknown(GrpcSession s)
    {
        await s.Grant(600, 7401);
        await s.Put("a", "1", 7401);
        await s.Txn(Then(Op(PutOf("b", "1")), Op(new PutRequest { Key = B("c"), Value = B("1"), Lease = 424242 })));
        await s.Txn(new TxnRequest
        {
            Compare = { IfVersion("a", 7) },
            Success = { Op(new PutRequest { Key = B("d"), Value = B("1"), Lease = 424242 }) },
            Failure = { Op(new PutRequest { Key = B("d"), Value = B("2"), Lease = 7401 }) },
        });
        s.Note("overwritten twice in one transaction's life: it belongs to the lease of its last put");
        await s.Grant(600, 7402);
        await s.Txn(Then(Op(new PutRequest { Key = B("a"), Value = B("2"), Lease = 7402 })));
        await s.Range(Get("a", "z"));
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7401 });
        await s.Range(Get("a", "z"));
        await s.Txn(Then(Op(Del("a"))));
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7402, Keys = true });
    }

    private static async Task PutUnknownAndIgnored(GrpcSession s)
    {
        await s.Put("k", "1", 424242);
        await s.Range(Get("k"));
        await s.Grant(600, 7411);
        await s.Put("k", "1", 7411);
        await s.Call(Rpc.Put, new PutRequest { Key = B("k"), Value = B("2"), IgnoreLease = true });
        await s.Call(Rpc.Put, new PutRequest { Key = B("k"), Value = B("3"), Lease = 7411, IgnoreLease = true });
        await s.Range(Get("k"));
        await s.Call(Rpc.Put, new PutRequest { Key = B("k"), IgnoreValue = true });
        await s.Range(Get("k"));
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7411, Keys = true });
    }

    private static async Task GrantAgain(GrpcSession s)
    {
        await using var stream = s.OpenKeepAlive();
        for (var ttl = 600; ttl >= 200; ttl -= 200)
        {
            await s.Grant(ttl, 7421);
            await s.Put("k", "1", 7421);
            await stream.Ask(new LeaseKeepAliveRequest { ID = 7421 });
            await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7421 });
            await stream.Ask(new LeaseKeepAliveRequest { ID = 7421 });
        }
        await s.Range(Get("k"));
    }

    private static async Task KeepAliveWithoutWaiting(GrpcSession s)
    {
        await s.Grant(600, 7431);
        await s.Grant(300, 7432);
        await using var stream = s.OpenKeepAlive();
        foreach (var id in (long[])[7431, 424242, 7432, 7431, 0, 7432])
            await stream.Send(new LeaseKeepAliveRequest { ID = id });
        for (var n = 0; n < 6; n++)
            await stream.Read();
    }

    // A client that falls behind asks for a lease that is over by then.
    private static async Task KeptTooLate(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("a", "z"));
        await s.Grant(ShortTtl, 7441);
        await s.Put("k", "1", 7441);
        await watch.Read();
        await using var stream = s.OpenKeepAlive();
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7441 });
        s.Note("the lease ends by itself:");
        await watch.Read();
        await stream.Ask(new LeaseKeepAliveRequest { ID = 7441 });
        await s.Put("k", "2", 7441);
        await s.Grant(ShortTtl, 7441);
    }

    private static async Task InTxn(GrpcSession s)
    {
        await s.Grant(600, 7395);
        await s.Txn(Then(
            Op(new PutRequest { Key = B("a"), Value = B("1"), Lease = 7395 }),
            Op(new PutRequest { Key = B("b"), Value = B("1"), Lease = 7395 }),
            Op(Get("a", "z"))));
        await s.Txn(Then(Op(PutOf("a", "2"))));
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7395, Keys = true });
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7395 });
        await s.Range(Get("a", "z"));
    }
}
