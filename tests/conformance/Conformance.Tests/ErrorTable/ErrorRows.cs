using Conformance.V3;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using static Conformance.V3.Messages;

namespace Conformance.ErrorTable;

/// <summary>The whole table, in its order.</summary>
internal static class ErrorRows
{
    private const string Race = "a matter of when a leader is lost: no client can make it happen on purpose";
    private const string Peers = "told between members, not to clients";
    private const string Later = "of 3.6: a 3.5 server has no such answer";

    public static readonly IReadOnlyList<ErrorRow> All =
    [
        new(3, "etcdserver: key is not provided") { Produce = s => s.Range(new RangeRequest()) },
        new(3, "etcdserver: key not found") { Produce = s => s.Put(new PutRequest { Key = B("none"), IgnoreValue = true }) },
        new(3, "etcdserver: value is provided") { Produce = s => s.Put(new PutRequest { Key = B("k"), Value = B("v"), IgnoreValue = true }) },
        new(3, "etcdserver: lease is provided") { Produce = s => s.Put(new PutRequest { Key = B("k"), Lease = 5, IgnoreLease = true }) },
        new(3, "etcdserver: too many operations in txn request") { Produce = s => s.Txn(Then([.. Enumerable.Range(0, 129).Select(i => Op(Get($"k{i}")))])) },
        new(3, "etcdserver: duplicate key given in txn request") { Produce = s => s.Txn(Then(Op(PutOf("k", "1")), Op(PutOf("k", "2")))) },
        new(11, "etcdserver: mvcc: required revision has been compacted") { Produce = CompactedAsync },
        new(11, "etcdserver: mvcc: required revision is a future revision") { Produce = s => s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(1000) }) },
        new(8, "etcdserver: mvcc: database space exceeded") { Produce = s => UnderAlarmAsync(s, AlarmType.Nospace) },
        new(5, "etcdserver: requested lease not found") { Produce = s => s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 5 }) },
        new(9, "etcdserver: lease already exists") { Produce = GrantTwiceAsync },
        new(11, "etcdserver: too large lease TTL") { Produce = s => s.Grant(9_000_000_001, 6) },
        new(1, "etcdserver: watch canceled") { Why = "the server cancels no watch of its own accord but with a reason of its own" },
        new(9, "etcdserver: member ID already exist") { Why = "an id is a hash of the time, too" },
        new(9, "etcdserver: Peer URLs already exists") { Produce = s => s.Call(Rpc.MemberAdd, new MemberAddRequest { PeerURLs = { s.PeerUrl } }) },
        new(9, "etcdserver: re-configuration failed due to not enough started members") { Why = "a 3.5 server sends code 2 with this text: the row below" },
        new(2, "etcdserver: re-configuration failed due to not enough started members")
        {
            Produce = s => s.Call(Rpc.MemberRemove, new MemberRemoveRequest { ID = s.MemberId }),
        },
        new(3, "etcdserver: given member URLs are invalid") { Produce = s => s.Call(Rpc.MemberAdd, new MemberAddRequest { PeerURLs = { "nonsense" } }) },
        new(5, "etcdserver: member not found") { Produce = s => s.Call(Rpc.MemberRemove, new MemberRemoveRequest { ID = 5 }) },
        new(9, "etcdserver: can only promote a learner member") { Produce = s => s.Call(Rpc.MemberPromote, new MemberPromoteRequest { ID = s.MemberId }) },
        new(9, "etcdserver: can only promote a learner member which is in sync with leader")
        {
            Produce = s => s.WithLearnerAsync("http://127.0.0.1:4", learner => s.Call(Rpc.MemberPromote, new MemberPromoteRequest { ID = learner })),
        },
        new(9, "etcdserver: too many learner members in cluster")
        {
            Produce = s => s.WithLearnerAsync("http://127.0.0.1:5", _ => s.Call(Rpc.MemberAdd, new MemberAddRequest { PeerURLs = { "http://127.0.0.1:2" }, IsLearner = true })),
        },
        new(9, "etcdserver: cluster ID mismatch") { Why = Peers },
        new(3, "etcdserver: request is too large")
        {
            Produce = s => s.Put(new PutRequest { Key = B("k"), Value = UnsafeByteOperations.UnsafeWrap(new byte[1_600_000]) }),
        },
        new(8, "etcdserver: too many requests") { Why = "needs thousands of requests that are not applied; unit tests of the gateway have it" },
        .. new (int Code, string Text)[]
        {
            (9, "root user does not exist"), (9, "root user does not have root role"), (9, "user name already exists"), (3, "user name is empty"), (9, "user name not found"),
            (9, "role name already exists"), (9, "role name not found"), (3, "role name is empty"), (3, "authentication failed, invalid user ID or password"),
            (3, "permission not given"), (7, "permission denied"), (9, "role is not granted to the user"), (9, "permission is not granted to the role"),
            (9, "authentication is not enabled"), (16, "invalid auth token"), (3, "invalid auth management"),
        }.Select(static row => new ErrorRow(row.Code, "etcdserver: " + row.Text) { IsOfUsers = true }),
        new(3, "etcdserver: revision of auth store is old") { Why = "of a request that a change of users overtook, or of a JWT: unit tests of the gateway have both" },
        new(14, "etcdserver: no leader") { CostsTheQuorum = true, Produce = s => s.Call(Rpc.Put, PutOf("k", "v"), new Metadata { { "hasleader", "true" } }) },
        new(9, "etcdserver: not leader") { CostsTheQuorum = true, Produce = s => s.Call(Rpc.MoveLeader, new MoveLeaderRequest { TargetID = 5 }) },
        new(14, "etcdserver: leader changed") { Why = Race },
        new(14, "etcdserver: not capable") { Why = "of a member whose cluster is of an older release" },
        new(14, "etcdserver: server stopped") { Why = "a member that stops: unit tests of the gateway have it; etcd's own clients may as well see their connection close" },
        new(14, "etcdserver: request timed out") { CostsTheQuorum = true, Produce = s => s.Range(Get("k")) },
        new(14, "etcdserver: request timed out, possibly due to previous leader failure") { Why = Race },
        new(14, "etcdserver: request timed out, possibly due to connection lost") { Why = Race },
        new(14, "etcdserver: request timed out, waiting for the applied index took too long") { Why = "needs a member that stops applying what it takes" },
        new(14, "etcdserver: unhealthy cluster") { Why = "needs a second member: the scenarios of cluster-members compare it" },
        new(15, "etcdserver: corrupt cluster") { Produce = s => UnderAlarmAsync(s, AlarmType.Corrupt) },
        new(14, "etcdserver: rpc not supported for learner") { Why = "needs a second member: cluster-members/learner compares it" },
        new(9, "etcdserver: bad leader transferee") { Produce = s => s.Call(Rpc.MoveLeader, new MoveLeaderRequest { TargetID = 5 }) },
        new(14, "etcdserver: cluster version not found during downgrade") { Why = "a cluster that answers requests has a version" },
        new(3, "etcdserver: wrong downgrade target version format") { Produce = s => s.Call(Rpc.Downgrade, To("3")) },
        new(3, "etcdserver: invalid downgrade target version") { Produce = s => s.Call(Rpc.Downgrade, To("3.3")) },
        new(9, "etcdserver: cluster has a downgrade job in progress")
        {
            Produce = s => s.WhileDowngradingAsync(() => s.Call(Rpc.Downgrade, To("3.4"))),
        },
        new(9, "etcdserver: no inflight downgrade job") { Produce = s => s.Call(Rpc.Downgrade, new DowngradeRequest { Action = DowngradeRequest.Types.DowngradeAction.Cancel }) },
        new(1, "etcdserver: request canceled") { Why = "of a caller that has left, and hears nothing" },
        new(4, "etcdserver: context deadline exceeded") { Why = "a server sends the text without its prefix: the row below" },
        new(4, "context deadline exceeded") { CostsTheQuorum = true, Produce = s => s.Put("k", "v") },
        new(3, "etcdserver: invalid client api version") { Why = Later },
        new(3, "etcdserver: invalid sort option") { Why = Later + ", and dies of an unknown sort target" },
    ];

    private static DowngradeRequest To(string version) => new() { Action = DowngradeRequest.Types.DowngradeAction.Validate, Version = version };

    private static async Task CompactedAsync(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Compact(s.Rev(2));
        await s.Range(new RangeRequest { Key = B("k"), Revision = s.Rev(1) });
    }

    private static async Task GrantTwiceAsync(GrpcSession s)
    {
        await s.Grant(100, 6);
        await s.Grant(100, 6);
    }

    private static async Task UnderAlarmAsync(GrpcSession s, AlarmType alarm)
    {
        await s.Call(Rpc.Alarm, new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 7, Alarm = alarm });
        await s.Put("k", "v");
        await s.Call(Rpc.Alarm, new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Deactivate, MemberID = 7, Alarm = alarm });
    }
}
