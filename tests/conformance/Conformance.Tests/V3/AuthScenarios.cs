using Conformance.Harness;
using EtcdApi.Authpb;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using static EtcdApi.Authpb.Permission.Types.Type;

namespace Conformance.V3;

/// <summary>Users, roles, permissions, tokens (v3 semantics §5).</summary>
internal static class AuthScenarios
{
    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("auth/management", Management);
        yield return new("auth/permission-lists", PermissionLists);
        yield return new("auth/ranges", Ranges);
        yield return new("auth/every-call-by-every-caller", EveryCallByEveryCaller);
        yield return new("auth/streams", Streams);
        yield return new("auth/tokens", Tokens);
    }

    private static async Task Management(GrpcSession s)
    {
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest());
        await s.LogIn("x", "y");
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        await AddUser(s, "", "x");
        await AddUser(s, "root", "rp");
        await AddUser(s, "root", "rp");
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        await AddUser(s, "long", new string('x', 73));
        await AddUser(s, "longest", new string('x', 72));
        await AddUser(s, "empty", "");
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = "none", Options = new UserAddOptions { NoPassword = true } });
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = "given", Password = "p", Options = new UserAddOptions { NoPassword = true } });
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest());
        foreach (var user in (string[])["none", "nobody", "empty"])
            await s.Call(Rpc.UserChangePassword, new AuthUserChangePasswordRequest { Name = user, Password = "changed" });
        await s.Call(Rpc.UserChangePassword, new AuthUserChangePasswordRequest { Name = "empty", Password = new string('x', 73) });
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest());
        foreach (var user in (string[])["", "nobody", "root"])
            await s.Call(Rpc.UserGet, new AuthUserGetRequest { Name = user });
        await s.Call(Rpc.UserDelete, new AuthUserDeleteRequest { Name = "" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "root", Role = "missing" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "nobody", Role = "root" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest());
        foreach (var role in (string[])["root", ""])
            await s.Call(Rpc.RoleGet, new AuthRoleGetRequest { Role = role });
        foreach (var role in (string[])["", "root", "root", "z", "b"])
            await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = role });
        foreach (var role in (string[])["z", "b"])
            await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "empty", Role = role });
        await s.Call(Rpc.UserGet, new AuthUserGetRequest { Name = "empty" });
        await s.Call(Rpc.RoleDelete, new AuthRoleDeleteRequest { Role = "b" });
        await s.Call(Rpc.RoleDelete, new AuthRoleDeleteRequest { Role = "b" });
        await s.Call(Rpc.UserGet, new AuthUserGetRequest { Name = "empty" });
        await s.Call(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = "empty", Role = "b" });
        await s.Call(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = "nobody", Role = "b" });
        await s.Call(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = "empty", Role = "z" });
        await s.Call(Rpc.UserList, new AuthUserListRequest());
        await s.Call(Rpc.RoleList, new AuthRoleListRequest());
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        foreach (var (user, password) in ((string, string)[])
        [
            ("none", "x"), ("none", ""), ("given", "p"), ("empty", "changed"), ("empty", ""), ("nobody", "x"), ("root", "bad"), ("", ""),
            ("longest", new string('x', 72)), ("longest", new string('x', 90)), ("longest", new string('x', 71)),
        ])
        {
            await s.LogIn(user, password);
        }
        var root = await s.LogIn("root", "rp");
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest(), root);
        await s.Call(Rpc.UserDelete, new AuthUserDeleteRequest { Name = "root" }, root);
        await s.Call(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = "root", Role = "root" }, root);
        await s.Call(Rpc.RoleDelete, new AuthRoleDeleteRequest { Role = "root" }, root);
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest(), root);
        await CleanAsync(s, root);
        await s.Call(Rpc.AuthDisable, new AuthDisableRequest());
    }

    private static async Task PermissionLists(GrpcSession s)
    {
        await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = "r" });
        await s.Call(Rpc.RoleGrantPermission, new AuthRoleGrantPermissionRequest { Name = "r" });
        await s.Call(Rpc.RoleGrantPermission, new AuthRoleGrantPermissionRequest { Name = "missing" });
        await Grant(s, "missing", Read, "a", "");
        foreach (var (type, key, end) in ((Permission.Types.Type, string, string)[])
        [
            (Read, "a", "b"), (Read, "a", "c"), (Write, "a", "c"), (Readwrite, "a", ""), (Readwrite, "a", "c"), (Write, "a", "b"), (Read, "", "b"), (Read, "b", "a"),
            (Read, "b", "b"), (Read, "m", "\0"), (Read, "\0", "\0"), (Read, "", "\0"), ((Permission.Types.Type)7, "z", ""), (Read, "k", ""), (Write, "k", ""),
        ])
        {
            await Grant(s, "r", type, key, end);
        }
        await s.Call(Rpc.RoleGet, new AuthRoleGetRequest { Role = "r" });
        foreach (var (key, end) in ((string, string)[])[("q", ""), ("a", "c"), ("a", "d"), ("k", "")])
            await s.Call(Rpc.RoleRevokePermission, new AuthRoleRevokePermissionRequest { Role = "r", Key = Utf8(key), RangeEnd = Utf8(end) });
        await s.Call(Rpc.RoleRevokePermission, new AuthRoleRevokePermissionRequest { Role = "missing", Key = Utf8("a") });
        await s.Call(Rpc.RoleGet, new AuthRoleGetRequest { Role = "r" });
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest());
        await CleanAsync(s, null);
    }

    // Permissions of several roles add up, also those that only touch.
    private static async Task Ranges(GrpcSession s)
    {
        var root = await EnableAsync(s, async () =>
        {
            await AddRole(s, "one", (Read, "a", "c"), (Read, "c", "e"), (Write, "k", ""), (Read, "x", "\0"));
            await AddRole(s, "two", (Read, "d", "f"), (Readwrite, "h", ""), (Write, "k\0", "m"), ((Permission.Types.Type)7, "p", "q"));
            await AddUser(s, "ann", "ap", "one", "two");
        });
        var ann = await s.LogIn("ann", "ap");
        foreach (var (key, end) in ((string, string)[])
        [
            ("a", ""), ("a", "f"), ("a", "f\0"), ("`", "b"), ("b", "d"), ("f", ""), ("h", ""), ("h", "h\0"), ("h", "h\0\0"), ("h\0", ""), ("x", "\0"), ("y", "\0"), ("w", "\0"),
            ("y", "z"), ("\0", "\0"), ("p", ""), ("e", "a"), ("z", "a"), ("g", "a"), ("b", "b"), ("", ""), ("xx", "\xff"),
        ])
        {
            await s.Call(Rpc.Range, Range(key, end), ann);
        }
        foreach (var (key, end) in ((string, string)[])[("k", ""), ("k", "m"), ("k", "l"), ("k", "m\0"), ("a", ""), ("h", ""), ("h", "i")])
            await s.Call(Rpc.Delete, new DeleteRangeRequest { Key = Utf8(key), RangeEnd = Utf8(end) }, ann);
        await CleanAsync(s, root);
    }

    private static async Task EveryCallByEveryCaller(GrpcSession s)
    {
        foreach (var key in (string[])["a1", "w1", "r1", "z1"])
            await s.Put(key, "v");
        foreach (var (lease, key) in ((long, string)[])[(101, "a5"), (102, "z5"), (103, "r5"), (104, "")])
        {
            await s.Grant(1000 * lease, lease);
            if (key.Length > 0)
                await s.Put(key, "v", lease);
        }
        var root = await EnableAsync(s, async () =>
        {
            await AddRole(s, "ra", (Readwrite, "a", "b"), (Write, "w", "x"), (Read, "r", "s"));
            await AddRole(s, "other", (Read, "z", ""));
            await AddUser(s, "alice", "ap", "ra");
            await AddUser(s, "bob", "bp");
            await AddUser(s, "gone", "gp");
        });
        var (alice, bob, gone) = (await s.LogIn("alice", "ap"), await s.LogIn("bob", "bp"), await s.LogIn("gone", "gp"));
        await s.Call(Rpc.UserDelete, new AuthUserDeleteRequest { Name = "gone" }, root);
        // Administration that succeeds would be felt by the others: what root asks for is refused by its own rules.
        Metadata?[] callers = [null, new Metadata { { "token", "bad" } }, new Metadata { { "authorization", "abcdefghijklmnop.7" } }, gone, bob, alice, root];
        foreach (var call in AuthCalls.All())
        {
            foreach (var caller in callers)
                await call(s, caller);
        }
        await s.Call(Rpc.Range, Range("a1", ""), new Metadata { { "authorization", alice![0].Value } });
        await s.Call(Rpc.Range, Range("a1", ""), new Metadata { { "token", alice[0].Value }, { "authorization", "bad" } });
        await s.Call(Rpc.Range, Range("a1", ""), new Metadata { { "token", "bad" }, { "authorization", alice[0].Value } });
        foreach (var lease in (long[])[101, 102, 103, 104])
            await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = lease }, root);
        await CleanAsync(s, root);
    }

    private static async Task Streams(GrpcSession s)
    {
        await s.Grant(1000, 201);
        await s.Put("a1", "v", 201);
        await s.Grant(2000, 202);
        await s.Put("z1", "v", 202);
        var root = await EnableAsync(s, async () =>
        {
            await AddRole(s, "ra", (Readwrite, "a", "b"), (Read, "r", "s"));
            await AddUser(s, "alice", "ap", "ra");
        });
        var alice = await s.LogIn("alice", "ap");
        foreach (var caller in (Metadata?[])[null, new Metadata { { "token", "bad" } }, alice, root])
        {
            await using var watch = s.OpenWatch(caller);
            foreach (var (key, end) in ((string, string)[])[("a", ""), ("a", "b"), ("a", "c"), ("z", ""), ("r", "s"), ("b", "a"), ("\0", "")])
                await watch.Ask(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Utf8(key), RangeEnd = Utf8(end), WatchId = 0 } });
            await watch.Ask(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Utf8("z"), StartRevision = -1 } });
        }
        foreach (var caller in (Metadata?[])[null, new Metadata { { "token", "bad" } }, alice, root])
        {
            foreach (var lease in (long[])[201, 202, 999])
            {
                await using var keepAlive = s.OpenKeepAlive(caller);
                await keepAlive.Ask(new LeaseKeepAliveRequest { ID = lease });
            }
        }
        foreach (var lease in (long[])[201, 202])
            await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = lease }, root);
        await CleanAsync(s, root);
    }

    private static async Task Tokens(GrpcSession s)
    {
        var root = await EnableAsync(s, () => AddUser(s, "ann", "ap", "root"));
        var ann = await s.LogIn("ann", "ap");
        await s.Call(Rpc.Range, Range("k", ""), ann);
        s.Note("another user changes, and the token of this one is good");
        await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = "new" }, root);
        await s.Call(Rpc.Range, Range("k", ""), ann);
        await s.Call(Rpc.Put, new PutRequest { Key = Utf8("k") }, ann);
        await s.Call(Rpc.MemberRemove, new MemberRemoveRequest { ID = 7 }, ann);
        s.Note("another password ends it");
        await s.Call(Rpc.UserChangePassword, new AuthUserChangePasswordRequest { Name = "ann", Password = "ap" }, root);
        await s.Call(Rpc.Range, Range("k", ""), ann);
        await s.Call(Rpc.MemberRemove, new MemberRemoveRequest { ID = 7 }, ann);
        ann = await s.LogIn("ann", "ap");
        await s.Call(Rpc.Range, Range("k", ""), ann);
        s.Note("another user of the same name is somebody else");
        await s.Call(Rpc.UserDelete, new AuthUserDeleteRequest { Name = "ann" }, root);
        await s.Call(Rpc.Range, Range("k", ""), ann);
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = "ann", Password = "ap" }, root);
        await s.Call(Rpc.Range, Range("k", ""), ann);
        ann = await s.LogIn("ann", "ap");
        await s.Call(Rpc.Range, Range("k", ""), ann);
        s.Note("when nobody has to log in tokens say nothing, and afterwards they are gone");
        await s.Call(Rpc.AuthDisable, new AuthDisableRequest(), root);
        await s.Call(Rpc.Range, Range("k", ""), ann);
        await s.Call(Rpc.Range, Range("k", ""), new Metadata { { "token", "bad" } });
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        await s.Call(Rpc.Range, Range("k", ""), ann);
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest(), root);
        await CleanAsync(s, await s.LogIn("root", "rp"));
    }

    private static async Task<Metadata?> EnableAsync(GrpcSession s, Func<Task> prepare)
    {
        await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = "root" });
        await AddUser(s, "root", "rp", "root");
        await prepare();
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        return await s.LogIn("root", "rp");
    }

    internal static async Task CleanAsync(GrpcSession s, Metadata? root)
    {
        await s.Call(Rpc.AuthDisable, new AuthDisableRequest(), root);
        foreach (var user in (await s.Call(Rpc.UserList, new AuthUserListRequest()))!.Users)
            await s.Call(Rpc.UserDelete, new AuthUserDeleteRequest { Name = user });
        foreach (var role in (await s.Call(Rpc.RoleList, new AuthRoleListRequest()))!.Roles)
            await s.Call(Rpc.RoleDelete, new AuthRoleDeleteRequest { Role = role });
    }

    private static async Task AddUser(GrpcSession s, string name, string password, params string[] roles)
    {
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = name, Password = password });
        foreach (var role in roles)
            await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = name, Role = role });
    }

    private static async Task AddRole(GrpcSession s, string name, params (Permission.Types.Type Type, string Key, string End)[] permissions)
    {
        await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = name });
        foreach (var (type, key, end) in permissions)
            await Grant(s, name, type, key, end);
    }

    private static Task Grant(GrpcSession s, string role, Permission.Types.Type type, string key, string end) => s.Call(
        Rpc.RoleGrantPermission,
        new AuthRoleGrantPermissionRequest { Name = role, Perm = new Permission { PermType = type, Key = Utf8(key), RangeEnd = Utf8(end) } });

    private static RangeRequest Range(string key, string end) => new() { Key = Utf8(key), RangeEnd = Utf8(end) };

    private static ByteString Utf8(string text) => ByteString.CopyFrom(System.Text.Encoding.Latin1.GetBytes(text));
}
