using Conformance.Harness;
using EtcdApi.Authpb;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using static Conformance.V3.Messages;

namespace Conformance.V3;

/// <summary>
/// Seeded random grants and revocations of permissions and roles, with calls in between of users whom they concern. Every answer is compared. A seed that once failed
/// stays in the list.
/// </summary>
internal static class RandomAuthScenarios
{
    private const int Steps = 120;

    private static readonly int[] s_seeds = [.. Settings.Seeds(1, 10)];

    // Behind "root", and never removed: etcd 3.5 reads users through a buffer of recent writes, in which a search that finds nothing may end at what an earlier batch left
    // there: a removed user, or root as it was before it had its role. Of names in this order it finds no such thing.
    private static readonly string[] s_users = ["sam", "tom", "ulf"];
    private static readonly string[] s_roles = ["one", "two", "three"];

    public static IEnumerable<Scenario<GrpcSession>> All() =>
        s_seeds.Select(seed => new Scenario<GrpcSession>($"random-auth/seed-{seed:d2}", s => Run(s, seed)));

    private static async Task Run(GrpcSession s, int seed)
    {
        var random = new Random(seed);
        await s.Grant(600, 8001);
        await s.Grant(600, 8002);
        foreach (var role in (string[])["root", .. s_roles])
            await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = role });
        await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = "root", Password = "root" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        foreach (var user in s_users)
            await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = user, Password = user });
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        var root = await s.LogIn("root", "root");
        var users = new Dictionary<string, Metadata?>();
        foreach (var user in s_users)
            users[user] = await s.LogIn(user, user);
        // What the answers of writes say of revisions, relative to the start.
        var newest = 0L;
        for (var step = 0; step < Steps; step++)
        {
            var user = s_users[random.Next(s_users.Length)];
            if (random.Next(3) == 0)
                await AnyChange(s, random, root, user, users);
            else
                newest = await AnyCall(s, random, users[user], newest);
        }
        await s.Call(Rpc.AuthStatus, new AuthStatusRequest(), root);
        await AuthScenarios.CleanAsync(s, root);
    }

    private static async Task AnyChange(GrpcSession s, Random random, Metadata? root, string user, Dictionary<string, Metadata?> tokens)
    {
        var role = s_roles[random.Next(s_roles.Length)];
        switch (random.Next(15))
        {
            case < 6:
                var permission = new Permission
                {
                    PermType = (Permission.Types.Type)random.Next(3), Key = B(RandomScenarios.Key(random)), RangeEnd = RandomScenarios.AnyEnd(random),
                };
                await s.Call(Rpc.RoleGrantPermission, new AuthRoleGrantPermissionRequest { Name = role, Perm = permission }, root);
                break;
            case < 8:
                await s.Call(
                    Rpc.RoleRevokePermission,
                    new AuthRoleRevokePermissionRequest { Role = role, Key = B(RandomScenarios.Key(random)), RangeEnd = RandomScenarios.AnyEnd(random) }, root);
                break;
            case < 12:
                await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = user, Role = role }, root);
                break;
            case 12:
                await s.Call(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = user, Role = role }, root);
                break;
            case 13:
                await s.Call(Rpc.RoleDelete, new AuthRoleDeleteRequest { Role = role }, root);
                await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = role }, root);
                break;
            default:
                tokens[user] = await s.LogIn(user, user);
                break;
        }
    }

    private static async Task<long> AnyCall(GrpcSession s, Random random, Metadata? caller, long newest)
    {
        var header = random.Next(12) switch
        {
            < 3 => (await s.Call(Rpc.Put, RandomScenarios.AnyPut(random), caller))?.Header,
            3 => (await s.Call(Rpc.Delete, Forward(RandomScenarios.AnyDelete(random)), caller))?.Header,
            < 7 => (await s.Call(Rpc.Txn, Forward(RandomScenarios.AnyTxn(random, s, newest)), caller))?.Header,
            < 10 => (await s.Call(Rpc.Range, Forward(RandomScenarios.AnyRange(random, s, newest)), caller))?.Header,
            10 => (await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 8001 + random.Next(3) }, caller))?.Header,
            _ => (await s.Call(Rpc.LeaseGrant, new LeaseGrantRequest { ID = 8001 + random.Next(2), TTL = 600 }, caller))?.Header,
        };
        return header is null ? newest : Math.Max(newest, header.Revision - s.Origin);
    }

    // Whether a range that ends before it begins is allowed depends in etcd on how its tree of permissions came to be.
    private static ByteString Forward(ByteString key, ByteString end) =>
        end == FromKey || end.Span.SequenceCompareTo(key.Span) > 0 ? end : ByteString.Empty;

    private static RangeRequest Forward(RangeRequest range)
    {
        range.RangeEnd = Forward(range.Key, range.RangeEnd);
        return range;
    }

    private static DeleteRangeRequest Forward(DeleteRangeRequest delete)
    {
        delete.RangeEnd = Forward(delete.Key, delete.RangeEnd);
        return delete;
    }

    private static TxnRequest Forward(TxnRequest txn)
    {
        foreach (var compare in txn.Compare)
            compare.RangeEnd = Forward(compare.Key, compare.RangeEnd);
        foreach (var op in txn.Success.Concat(txn.Failure))
        {
            if (op.RequestRange is { } range)
                Forward(range);
            if (op.RequestDeleteRange is { } delete)
                Forward(delete);
            if (op.RequestTxn is { } inner)
                Forward(inner);
        }
        return txn;
    }
}
