using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using static Conformance.V3.Messages;
using static EtcdApi.Etcdserverpb.Compare.Types;

namespace Conformance.V3;

/// <summary>
/// What Dapr's component state.etcd, version v2, asks: an etag is a revision, a time to live is a lease, and a transaction has no condition but operations that are transactions themselves, each with
/// its own etag.
/// </summary>
internal static class StateStoreScenarios
{
    private const string Key = "dapr/app||key", Other = "dapr/app||other", Short = "dapr/app||short";

    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("state-store/etags", Etags);
        yield return new("state-store/time-to-live", TimeToLive);
        yield return new("state-store/transaction", Transaction);
    }

    private static async Task Etags(GrpcSession s)
    {
        await s.Range(Get("health"));
        await s.Range(Get(Key));
        await s.Put(Key, "1");
        await s.Range(Get(Key));
        await s.Txn(WithEtag(s.Rev(1), Key, Op(PutOf(Key, "2"))));
        await s.Txn(WithEtag(s.Rev(1), Key, Op(PutOf(Key, "stale"))));
        await s.Txn(WithEtag(s.Rev(1), Key, Op(Del(Key))));
        await s.Range(Get(Key));
        await s.Txn(WithEtag(s.Rev(2), Key, Op(Del(Key))));
        await s.Range(Get(Key));
        await s.Txn(WithEtag(s.Rev(2), Key, Op(PutOf(Key, "of one that is gone"))));
        await s.Range(Get(Key));
    }

    private static async Task TimeToLive(GrpcSession s)
    {
        await s.Grant(600, 7801);
        await s.Put(Short, "1", 7801);
        await s.Range(Get(Short));
        await s.Grant(900, 7802);
        await s.Txn(WithEtag(s.Rev(1), Short, Op(new PutRequest(PutOf(Short, "2")) { Lease = 7802 })));
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7801, Keys = true });
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = 7802, Keys = true });
        await s.Put(Short, "for good");
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 7802 });
        await s.Range(Get(Short));
    }

    private static async Task Transaction(GrpcSession s)
    {
        await s.Put(Key, "1");
        await s.Put(Other, "1");
        await s.Grant(600, 7811);
        await s.Txn(Then(
            Op(WithEtag(s.Rev(1), Key, Op(PutOf(Key, "2")))), Op(Then(Op(new PutRequest(PutOf(Short, "1")) { Lease = 7811 }))), Op(WithEtag(s.Rev(2), Other, Op(Del(Other))))));
        // One of them comes too late: the others take place.
        await s.Txn(Then(Op(WithEtag(s.Rev(1), Key, Op(PutOf(Key, "stale")))), Op(Then(Op(PutOf(Other, "3")))), Op(Then(Op(Del(Short))))));
        await s.Txn(Then(Op(Then(Op(PutOf(Key, "4")))), Op(Then(Op(PutOf(Key, "5"))))));
        await s.Txn(Then(Op(Then(Op(PutOf(Key, "4")))), Op(Then(Op(Del(Key))))));
        await s.Range(Get("dapr/", "dapr0"));
    }

    private static TxnRequest WithEtag(long revision, string key, RequestOp then) =>
        new() { Compare = { new Compare(If(key, CompareTarget.Mod, CompareResult.Equal)) { ModRevision = revision } }, Success = { then } };
}
