using EtcdApi.Authpb;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Core.Reads;
using Storage.Tests.Harness;

namespace Storage.Tests.Auth;

/// <summary>Goal: what takes effect is what its caller may do at that moment. Method: one table of commands, reads and questions by each kind of caller.</summary>
public sealed class AccessTests
{
    private static readonly Caller s_nobody = Caller.Of("nobody", 100), s_ann = Caller.Of("ann", 100), s_root = Caller.Of("root", 100);

    private readonly Replica _replica = new();

    public AccessTests()
    {
        _replica.Put("a1", "v");
        _replica.Put("z1", "v");
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 100 });
        _replica.Do(new LeaseGrantRequest { ID = 2, TTL = 100 });
        _replica.Put("a5", "v", lease: 1);
        _replica.Put("z5", "v", lease: 2);
        foreach (var user in new[] { "root", "ann" })
            _replica.Do(new AuthUserAddRequest { Name = user });
        _replica.Do(new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        _replica.Do(new AuthRoleAddRequest { Name = "own" });
        Grant("a", "b", Permission.Types.Type.Readwrite);
        Grant("w", "", Permission.Types.Type.Write);
        _replica.Do(new AuthUserGrantRoleRequest { User = "ann", Role = "own" });
        _replica.Do(new AuthEnableRequest());
    }

    public static TheoryData<string, IMessage, bool> Commands => new()
    {
        { "put own", Requests.Put("a1", "x"), true },
        { "put another's", Requests.Put("z1", "x"), false },
        { "put unread", Requests.Put("w", "x"), true },
        { "put unread, previous value", Requests.Put("w", "x", prev: true), false },
        { "put under an own lease", Requests.Put("a1", "x", lease: 1), true },
        { "put under another's lease", Requests.Put("a1", "x", lease: 2), false },
        { "delete own", Requests.Delete("a1", "b"), true },
        { "delete more than own", Requests.Delete("a1", "c"), false },
        { "delete unread", Requests.Delete("w"), true },
        { "delete unread, previous value", Requests.Delete("w", prev: true), false },
        { "txn of nothing", new TxnRequest(), true },
        { "txn compares another's", Requests.Txn([Requests.VersionIs("z1", 0)], []), false },
        { "txn reads another's in the branch not taken", Requests.Txn([], [Requests.Put("a1", "x")], [Requests.Range("z1")]), false },
        { "txn within txn writes another's", Requests.Txn([], [Requests.Txn([], [], [Requests.Put("z1", "x")])]), false },
        { "txn within txn of own", Requests.Txn([], [Requests.Txn([], [Requests.Put("a1", "x")])]), true },
        { "txn puts with previous value", Requests.Txn([], [Requests.Put("w", "x", prev: true)]), false },
        { "txn deletes with previous value", Requests.Txn([], [Requests.Delete("w", prev: true)]), false },
        { "txn puts under another's lease", Requests.Txn([], [Requests.Put("a1", "x", lease: 2)]), false },
        { "grant a lease", new LeaseGrantRequest { ID = 9, TTL = 100 }, true },
        { "revoke own lease", new LeaseRevokeRequest { ID = 1 }, true },
        { "revoke another's lease", new LeaseRevokeRequest { ID = 2 }, false },
        { "compact", new CompactionRequest { Revision = 2 }, false },
        { "raise an alarm", new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 5, Alarm = AlarmType.Nospace }, false },
        { "look at oneself", new AuthUserGetRequest { Name = "ann" }, true },
        { "look at another", new AuthUserGetRequest { Name = "root" }, false },
        { "look at an own role", new AuthRoleGetRequest { Role = "own" }, true },
        { "look at another role", new AuthRoleGetRequest { Role = "root" }, false },
        { "list users", new AuthUserListRequest(), false },
        { "list roles", new AuthRoleListRequest(), false },
        { "status", new AuthStatusRequest(), false },
        { "add a user", new AuthUserAddRequest { Name = "new" }, false },
        { "change the own password", new AuthUserChangePasswordRequest { Name = "ann" }, false },
        { "disable", new AuthDisableRequest(), false },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void Command_ByEachCaller_IsAllowedOrRefused(string what, IMessage request, bool isAnns)
    {
        var needsNobody = request is TxnRequest { Success.Count: 0, Failure.Count: 0, Compare.Count: 0 };
        var before = _replica.State.Current;
        Assert.Equal(needsNobody ? StorageError.None : StorageError.UserEmpty, By(Caller.Anonymous, request));
        Assert.Equal(needsNobody ? StorageError.None : StorageError.PermissionDenied, By(s_nobody, request));
        Assert.Equal(needsNobody ? StorageError.None : StorageError.AuthRevisionOld, By(Caller.Of("root", before.Auth.Revision - 1), request));
        if (!isAnns)
            Assert.Equal(StorageError.PermissionDenied, By(s_ann, request));
        Assert.Equal((before.Revision, before.Auth.Revision), (_replica.State.Current.Revision, _replica.State.Current.Auth.Revision));
        Assert.True(By(isAnns ? s_ann : s_root, request) is StorageError.None or StorageError.RoleNotFound, what);
    }

    [Fact]
    public void Read_ByEachCaller_IsAllowedOrRefused()
    {
        foreach (var (caller, own, others) in new[]
                 {
                     (Caller.Anonymous, StorageError.UserEmpty, StorageError.UserEmpty), (s_nobody, StorageError.PermissionDenied, StorageError.PermissionDenied),
                     (s_ann, StorageError.None, StorageError.PermissionDenied), (s_root, StorageError.None, StorageError.None),
                     (Caller.Of("root", 1), StorageError.AuthRevisionOld, StorageError.AuthRevisionOld), (Caller.Internal, StorageError.None, StorageError.None),
                 })
        {
            _replica.Caller = caller;
            Assert.Equal(own, _replica.RangeError(Requests.Range("a", "b")));
            Assert.Equal(others, _replica.RangeError(Requests.Range("a", "c")));
            Assert.Equal(own, Txn(Requests.Txn([], [Requests.Range("a1")])));
            Assert.Equal(others, Txn(Requests.Txn([], [Requests.Range("a1")], [Requests.Range("z1")])));
            Assert.Equal(own, Asked(new AccessRequest(AccessKind.Lease, IsWrite: true) { Lease = 1 }));
            Assert.Equal(others, Asked(new AccessRequest(AccessKind.Lease, IsWrite: true) { Lease = 2 }));
            Assert.Equal(others, Asked(new AccessRequest(AccessKind.AllLeases)));
            Assert.Equal(others, Asked(AccessRequest.Admin));
            Assert.Equal(caller == s_ann ? StorageError.None : own, Asked(AccessRequest.AnyUser));
        }
    }

    [Fact]
    public void Access_AfterTheRoleIsTaken_IsRefusedAtOnce()
    {
        _replica.Caller = s_ann;
        Assert.Equal(StorageError.None, _replica.RangeError(Requests.Range("a1")));
        By(Caller.Internal, new AuthUserRevokeRoleRequest { Name = "ann", Role = "own" });
        _replica.Caller = s_ann;
        Assert.Equal(StorageError.PermissionDenied, _replica.RangeError(Requests.Range("a1")));
        By(Caller.Internal, new AuthUserDeleteRequest { Name = "ann" });
        Assert.Equal(StorageError.PermissionDenied, By(s_ann, Requests.Put("a1", "x")));
    }

    [Fact]
    public void Access_WhileNobodyHasToLogIn_IsEverybodys()
    {
        By(Caller.Internal, new AuthDisableRequest());
        Assert.Equal(StorageError.None, By(Caller.Anonymous, Requests.Put("z1", "x")));
        Assert.Equal(StorageError.None, By(s_nobody, new AuthStatusRequest()));
    }

    [Fact]
    public void Envelope_OfEachCaller_ComesBackAndAnOldOneIsInternal()
    {
        foreach (var caller in new[] { Caller.Internal, Caller.Anonymous, Caller.Of("Ann\u00e9", 7), Caller.Of("", 7) })
        {
            var encoded = new CommandEnvelope(CommandKind.Put, new SessionId(1), 2, 3, 4, default) { Caller = caller }.Encode([5, 6]);
            Assert.True(CommandEnvelope.TryDecode(encoded, out var envelope, out var payload));
            Assert.Equal((caller, "0506"), (envelope.Caller, Convert.ToHexString(payload.Span)));
            if (caller.Kind == CallerKind.User)
                Assert.False(CommandEnvelope.TryDecode(encoded.AsMemory(0, 40), out _, out _));
        }
        // As logs have it that were written before there were callers.
        var old = Convert.FromHexString("01010000" + "0700000000000000" + "0200000000000000" + "0100000000000000" + "0300000000000000" + "0A0161");
        Assert.True(CommandEnvelope.TryDecode(old, out var before, out _));
        Assert.Equal(CallerKind.Internal, before.Caller.Kind);
        Assert.Equal(old, before.Encode([0x0a, 1, 0x61]));
    }

    private StorageError By(Caller caller, IMessage request)
    {
        _replica.Caller = caller;
        return _replica.Do(request).Error;
    }

    private StorageError Txn(TxnRequest request) => StateReads.Txn(_replica.State, request.ToByteArray(), out _, _replica.Caller).Error;

    private StorageError Asked(AccessRequest request) => StateReads.Authorize(_replica.State.Current, request, _replica.Caller).Error;

    private void Grant(string key, string end, Permission.Types.Type type) => _replica.Do(new AuthRoleGrantPermissionRequest
    {
        Name = "own", Perm = new Permission { Key = Requests.Utf8(key), RangeEnd = Requests.Utf8(end), PermType = type },
    });
}
