using System.Globalization;
using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using EtcdApi.V3Electionpb;
using EtcdApi.V3Lockpb;
using Google.Protobuf;
using static Conformance.V3.Messages;

namespace Conformance.V3;

/// <summary>The lock and election services: keys, order, who waits for whom, what ends a place (v3-semantics §8).</summary>
internal static class ContendingScenarios
{
    private static readonly RangeRequest s_all = new() { Key = FromKey, RangeEnd = FromKey };

    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("lock/take-and-leave", TakeAndLeave);
        yield return new("lock/order", Order);
        yield return new("lock/lease-of-its-own", OwnLease);
        yield return new("lock/errors", LockErrors);
        yield return new("lock/holder-loses-its-lease", HolderLosesLease);
        yield return new("lock/waiter-loses-its-lease", WaiterLosesLease);
        yield return new("lock/waiter-leaves", WaiterLeaves);
        yield return new("election/campaign", CampaignAndProclaim);
        yield return new("election/succession", Succession);
        yield return new("election/errors", ElectionErrors);
        yield return new("election/observe", Observe);
        yield return new("election/observe-before-anybody", ObserveBefore);
        yield return new("election/candidate-leaves", CandidateLeaves);
        yield return new("election/candidate-loses-its-lease", CandidateLosesLease);
    }

    private static LockRequest Lock(string name, long lease) => new() { Name = B(name), Lease = lease };

    private static CampaignRequest Campaign(string name, long lease, string value) => new() { Name = B(name), Lease = lease, Value = B(value) };

    private static LeaderKey Key(string name, long lease, long revision) =>
        new() { Name = B(name), Key = B($"{name}/{lease:x}"), Rev = revision, Lease = lease };

    private static async Task GrantAsync(GrpcSession s, params long[] leases)
    {
        foreach (var lease in leases)
            await s.Grant(100, lease);
    }

    private static async Task TakeAndLeave(GrpcSession s)
    {
        await GrantAsync(s, 0x77);
        await s.Call(Rpc.Lock, Lock("n", 0x77));
        s.Note("the same lease has it already:");
        await s.Call(Rpc.Lock, Lock("n", 0x77));
        await s.Range(s_all);
        await s.Call(Rpc.Unlock, new UnlockRequest { Key = B("n/77") });
        await s.Call(Rpc.Unlock, new UnlockRequest { Key = B("n/77") });
        await s.Call(Rpc.Lock, Lock("", 0x77));
        await s.Call(Rpc.Lock, Lock("n/a", 0x77));
        await s.Range(s_all);
    }

    private static async Task Order(GrpcSession s)
    {
        await GrantAsync(s, 1, 2, 3);
        await s.Call(Rpc.Lock, Lock("n", 3));
        var second = s.Begin(Rpc.Lock, Lock("n", 1));
        await s.KeysAre("n/", 2);
        var third = s.Begin(Rpc.Lock, Lock("n", 2));
        await s.KeysAre("n/", 3);
        await s.Call(Rpc.Unlock, new UnlockRequest { Key = B("n/3") });
        await s.End(second);
        s.Note("the third still waits: " + !third.Answer.IsCompleted);
        await s.Call(Rpc.Unlock, new UnlockRequest { Key = B("n/1") });
        await s.End(third);
        await s.Range(s_all);
    }

    private static async Task OwnLease(GrpcSession s)
    {
        var own = s.Begin(Rpc.Lock, Lock("n", 0));
        var key = LockResponse.Parser.ParseFrom(await own.Answer).Key.ToStringUtf8();
        var lease = long.Parse(key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        s.Hide(lease.ToString("x", CultureInfo.InvariantCulture), "<lease>");
        s.Hide(lease.ToString(CultureInfo.InvariantCulture), "<lease>");
        await s.End(own);
        await s.Range(s_all);
        s.ExpectTtl(60);
        await s.Call(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = lease, Keys = true });
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = lease });
        await s.Range(s_all);
    }

    private static async Task LockErrors(GrpcSession s)
    {
        await s.Call(Rpc.Lock, Lock("n", 5));
        await s.Call(Rpc.Lock, Lock("n", -5));
        await s.Call(Rpc.Unlock, new UnlockRequest());
        await s.Range(s_all);
        await s.Grant(100, -5);
        await s.Call(Rpc.Lock, Lock("n", -5));
    }

    private static async Task HolderLosesLease(GrpcSession s)
    {
        await GrantAsync(s, 1, 2);
        await s.Call(Rpc.Lock, Lock("n", 1));
        var waiter = s.Begin(Rpc.Lock, Lock("n", 2));
        await s.KeysAre("n/", 2);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 1 });
        await s.End(waiter);
        // Longer than it takes to lock with it, also where a write waits long for its disk.
        await s.Grant(5, 3);
        await s.Call(Rpc.Lock, Lock("m", 3));
        s.Note("and by expiry:");
        var second = s.Begin(Rpc.Lock, Lock("m", 2));
        await s.End(second);
        await s.Range(s_all);
    }

    private static async Task WaiterLosesLease(GrpcSession s)
    {
        await GrantAsync(s, 1, 2);
        await s.Call(Rpc.Lock, Lock("n", 1));
        var waiter = s.Begin(Rpc.Lock, Lock("n", 2));
        await s.KeysAre("n/", 2);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 2 });
        s.Note("it does not notice: " + !waiter.Answer.IsCompleted);
        await s.Call(Rpc.Unlock, new UnlockRequest { Key = B("n/1") });
        await s.End(waiter);
        await s.Range(s_all);
    }

    private static async Task WaiterLeaves(GrpcSession s)
    {
        await GrantAsync(s, 1, 2, 3);
        await s.Call(Rpc.Lock, Lock("n", 1));
        var waiter = s.Begin(Rpc.Lock, Lock("n", 2));
        await s.KeysAre("n/", 2);
        var next = s.Begin(Rpc.Lock, Lock("n", 3));
        await s.KeysAre("n/", 3);
        await waiter.Cancellation.CancelAsync();
        s.Note("its key goes with it:");
        await s.KeysAre("n/", 2);
        await s.Range(s_all);
        await s.Call(Rpc.Unlock, new UnlockRequest { Key = B("n/1") });
        await s.End(next);
    }

    private static async Task CampaignAndProclaim(GrpcSession s)
    {
        await GrantAsync(s, 0x77);
        await s.Call(Rpc.Campaign, Campaign("e", 0x77, "one"));
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
        await s.Call(Rpc.Campaign, Campaign("e", 0x77, "one"));
        s.Note("another value is proclaimed:");
        await s.Call(Rpc.Campaign, Campaign("e", 0x77, "two"));
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Leader = Key("e", 0x77, s.Rev(1)), Value = B("three") });
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
        await s.Call(Rpc.Resign, new ResignRequest { Leader = Key("e", 0x77, s.Rev(1)) });
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
        await s.Call(Rpc.Campaign, Campaign("", 0x77, ""));
        await s.Range(s_all);
    }

    private static async Task Succession(GrpcSession s)
    {
        await GrantAsync(s, 1, 2);
        await s.Call(Rpc.Campaign, Campaign("e", 1, "one"));
        var second = s.Begin(Rpc.Campaign, Campaign("e", 2, "two"));
        await s.KeysAre("e/", 2);
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
        await s.Call(Rpc.Resign, new ResignRequest { Leader = Key("e", 1, s.Rev(1)) });
        await s.End(second);
        s.Note("whoever led before is fenced:");
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Leader = Key("e", 1, s.Rev(1)), Value = B("late") });
        await s.Call(Rpc.Resign, new ResignRequest { Leader = Key("e", 2, s.Rev(1)) });
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 2 });
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
    }

    private static async Task ElectionErrors(GrpcSession s)
    {
        await s.Call(Rpc.Leader, new LeaderRequest { Name = B("e") });
        await s.Call(Rpc.Leader, new LeaderRequest());
        await s.Call(Rpc.Campaign, Campaign("e", 5, "x"));
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Value = B("x") });
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Leader = Key("e", 5, s.Rev(1)), Value = B("x") });
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Leader = new LeaderKey { Lease = 5 } });
        await s.Call(Rpc.Resign, new ResignRequest());
        await s.Call(Rpc.Resign, new ResignRequest { Leader = Key("e", 5, s.Rev(1)) });
        await s.Call(Rpc.Resign, new ResignRequest { Leader = new LeaderKey { Lease = 5 } });
    }

    private static async Task Observe(GrpcSession s)
    {
        await GrantAsync(s, 1, 2);
        await s.Call(Rpc.Campaign, Campaign("e", 1, "one"));
        await using var stream = await ObserveAsync(s, "e");
        await stream.Read();
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Leader = Key("e", 1, s.Rev(1)), Value = B("two") });
        await stream.Read();
        var second = s.Begin(Rpc.Campaign, Campaign("e", 2, "three"));
        await s.KeysAre("e/", 2);
        await s.Call(Rpc.Resign, new ResignRequest { Leader = Key("e", 1, s.Rev(1)) });
        await s.End(second);
        await stream.Read();
    }

    private static async Task ObserveBefore(GrpcSession s)
    {
        await GrantAsync(s, 1);
        await s.Put("f/1", "another name");
        await using var stream = await ObserveAsync(s, "e");
        await s.Call(Rpc.Campaign, Campaign("e", 1, "one"));
        await stream.Read();
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 1 });
        await GrantAsync(s, 1);
        await s.Call(Rpc.Campaign, Campaign("e", 1, "again"));
        await stream.Read();
    }

    private static async Task CandidateLeaves(GrpcSession s)
    {
        await GrantAsync(s, 1, 2);
        await s.Call(Rpc.Campaign, Campaign("e", 1, "one"));
        var waiter = s.Begin(Rpc.Campaign, Campaign("e", 2, "two"));
        await s.KeysAre("e/", 2);
        await waiter.Cancellation.CancelAsync();
        await s.KeysAre("e/", 1);
        await s.Range(s_all);
    }

    private static async Task CandidateLosesLease(GrpcSession s)
    {
        await GrantAsync(s, 1, 2);
        await s.Call(Rpc.Campaign, Campaign("e", 1, "one"));
        var waiter = s.Begin(Rpc.Campaign, Campaign("e", 2, "two"));
        await s.KeysAre("e/", 2);
        await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 2 });
        await s.Call(Rpc.Resign, new ResignRequest { Leader = Key("e", 1, s.Rev(1)) });
        s.Note("it is told that it leads; what it does then is refused:");
        await s.End(waiter);
        await s.Call(Rpc.Proclaim, new ProclaimRequest { Leader = Key("e", 2, s.Rev(2)), Value = B("x") });
    }

    private static Task<MessageStream<LeaderRequest, LeaderResponse>> ObserveAsync(GrpcSession s, string name) =>
        s.OpenServerStream("v3electionpb.Election", "Observe", LeaderResponse.Parser, new LeaderRequest { Name = B(name) });
}
