using EtcdApi.Authpb;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Kind = EtcdApi.Etcdserverpb.AlarmRequest.Types.AlarmAction;

namespace Conformance.V3;

/// <summary>Each unary call of the API, and the snapshot, in the variants in which what a caller may do makes a difference.</summary>
internal static class AuthCalls
{
    // Leases come first: etcd shows the keys of one in any order, and later there are several.
    public static IEnumerable<Func<GrpcSession, Metadata?, Task>> All() => [.. Leases(), .. Keys(), .. Txns(), .. Administration(), .. Users()];

    private static IEnumerable<Func<GrpcSession, Metadata?, Task>> Keys()
    {
        foreach (var (key, end) in ((string, string)[])[("a1", ""), ("z1", ""), ("w1", ""), ("a", "b"), ("a", "c"), ("a", "\0"), ("", "")])
            yield return Of(Rpc.Range, new RangeRequest { Key = Utf8(key), RangeEnd = Utf8(end) });
        yield return Of(Rpc.Range, new RangeRequest { Key = Utf8("a1"), Serializable = true });
        yield return Of(Rpc.Range, new RangeRequest { Key = Utf8("z1"), Serializable = true });
        yield return Of(Rpc.Put, Put("a1"));
        yield return Of(Rpc.Put, Put("z1"));
        yield return Of(Rpc.Put, Put("r1"));
        yield return Of(Rpc.Put, Put("w1"));
        yield return Of(Rpc.Put, Put("w1", previous: true));
        yield return Of(Rpc.Put, new PutRequest { Key = Utf8("w1"), IgnoreValue = true });
        yield return Of(Rpc.Put, Put("a2", 101));
        yield return Of(Rpc.Put, Put("a2", 102));
        yield return Of(Rpc.Put, Put("a2", 103));
        yield return Of(Rpc.Put, Put("a2", 999));
        yield return Of(Rpc.Put, Put(""));
        foreach (var (key, previous) in ((string, bool)[])[("w9", false), ("w9", true), ("r9", false), ("a9", true)])
            yield return Of(Rpc.Delete, new DeleteRangeRequest { Key = Utf8(key), PrevKv = previous });
        // Nobody's to compact: there is nothing to compact so far ahead.
        yield return Of(Rpc.Compact, new CompactionRequest { Revision = 1L << 40 });
    }

    private static IEnumerable<Func<GrpcSession, Metadata?, Task>> Txns()
    {
        yield return Of(Rpc.Txn, new TxnRequest());
        foreach (var key in (string[])["a1", "w1"])
            yield return Of(Rpc.Txn, new TxnRequest { Compare = { Compare(key) } });
        foreach (var op in (RequestOp[])
        [
            Range("a1"), Range("z1"), new() { RequestRange = new RangeRequest { Key = Utf8("z1"), Serializable = true } },
            new() { RequestPut = Put("w1") }, new() { RequestPut = Put("w1", previous: true) }, new() { RequestPut = Put("a1", 102) }, new() { RequestPut = Put("r1") },
            Delete("w8", false), Delete("w8", true), Delete("r8", false),
            new() { RequestTxn = new TxnRequest { Success = { Range("z1") } } }, new() { RequestTxn = new TxnRequest { Success = { Range("a1") } } },
            new() { RequestTxn = new TxnRequest { Compare = { Compare("z1") } } }, new() { RequestTxn = new TxnRequest { Failure = { new RequestOp { RequestPut = Put("z1") } } } },
        ])
        {
            yield return Of(Rpc.Txn, new TxnRequest { Success = { op } });
            yield return Of(Rpc.Txn, new TxnRequest { Failure = { op } });
        }
    }

    private static IEnumerable<Func<GrpcSession, Metadata?, Task>> Leases()
    {
        yield return Of(Rpc.LeaseGrant, new LeaseGrantRequest { ID = 101, TTL = 1 });
        foreach (var lease in (long[])[101, 102, 103, 104, 999])
        {
            yield return Of(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = lease, Keys = true });
            yield return Of(Rpc.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = lease });
        }
        yield return Of(Rpc.LeaseLeases, new LeaseLeasesRequest());
        yield return Of(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 999 });
    }

    private static IEnumerable<Func<GrpcSession, Metadata?, Task>> Administration()
    {
        yield return Of(Rpc.MemberList, new MemberListRequest());
        yield return Of(Rpc.MemberList, new MemberListRequest { Linearizable = true });
        yield return Of(Rpc.MemberAdd, new MemberAddRequest { PeerURLs = { "nonsense" } });
        yield return Of(Rpc.MemberRemove, new MemberRemoveRequest { ID = 7 });
        yield return Of(Rpc.MemberUpdate, new MemberUpdateRequest { ID = 7, PeerURLs = { "http://127.0.0.1:1" } });
        yield return Of(Rpc.MemberPromote, new MemberPromoteRequest { ID = 7 });
        yield return Of(Rpc.Alarm, new AlarmRequest { Action = Kind.Get });
        yield return Of(Rpc.Alarm, new AlarmRequest { Action = Kind.Deactivate, MemberID = 7, Alarm = AlarmType.Nospace });
        yield return Of(Rpc.Status, new StatusRequest());
        yield return Of(Rpc.Defragment, new DefragmentRequest());
        yield return Of(Rpc.Hash, new HashRequest());
        yield return Of(Rpc.HashKV, new HashKVRequest());
        yield return Of(Rpc.MoveLeader, new MoveLeaderRequest { TargetID = 7 });
        yield return static (session, caller) => session.Snapshot(caller);
    }

    private static IEnumerable<Func<GrpcSession, Metadata?, Task>> Users()
    {
        yield return Of(Rpc.AuthEnable, new AuthEnableRequest());
        yield return Of(Rpc.AuthStatus, new AuthStatusRequest());
        yield return Of(Rpc.UserAdd, new AuthUserAddRequest());
        yield return Of(Rpc.UserAdd, new AuthUserAddRequest { Name = "x", Password = new string('x', 80) });
        foreach (var user in (string[])["alice", "bob", "root", "nobody"])
            yield return Of(Rpc.UserGet, new AuthUserGetRequest { Name = user });
        yield return Of(Rpc.UserList, new AuthUserListRequest());
        yield return Of(Rpc.UserDelete, new AuthUserDeleteRequest { Name = "root" });
        yield return Of(Rpc.UserChangePassword, new AuthUserChangePasswordRequest { Name = "nobody", Password = "x" });
        yield return Of(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "alice", Role = "missing" });
        yield return Of(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = "root", Role = "root" });
        yield return Of(Rpc.RoleAdd, new AuthRoleAddRequest());
        foreach (var role in (string[])["ra", "other", "missing"])
            yield return Of(Rpc.RoleGet, new AuthRoleGetRequest { Role = role });
        yield return Of(Rpc.RoleList, new AuthRoleListRequest());
        yield return Of(Rpc.RoleDelete, new AuthRoleDeleteRequest { Role = "root" });
        yield return Of(Rpc.RoleGrantPermission, new AuthRoleGrantPermissionRequest { Name = "ra" });
        yield return Of(Rpc.RoleRevokePermission, new AuthRoleRevokePermissionRequest { Role = "ra", Key = Utf8("q") });
        yield return static async (session, _) => await session.LogIn("alice", "ap");
    }

    private static Func<GrpcSession, Metadata?, Task> Of<TRequest, TResponse>(Unary<TRequest, TResponse> rpc, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => (session, caller) => session.Call(rpc, request, caller);

    private static PutRequest Put(string key, long lease = 0, bool previous = false) =>
        new() { Key = Utf8(key), Value = Utf8("v"), Lease = lease, PrevKv = previous };

    private static Compare Compare(string key) => new() { Key = Utf8(key), Target = EtcdApi.Etcdserverpb.Compare.Types.CompareTarget.Version };

    private static RequestOp Range(string key) => new() { RequestRange = new RangeRequest { Key = Utf8(key) } };

    private static RequestOp Delete(string key, bool previous) => new() { RequestDeleteRange = new DeleteRangeRequest { Key = Utf8(key), PrevKv = previous } };

    private static ByteString Utf8(string text) => ByteString.CopyFromUtf8(text);
}
