using EtcdApi.Etcdserverpb;
using EtcdApi.V3Electionpb;
using EtcdApi.V3Lockpb;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace ApiGateway.Host.Json;

/// <summary>The paths of the JSON gateway and the methods behind them (v3-wire §2). What a method takes and gives is read from its descriptor.</summary>
public static class JsonRoutes
{
    // A method of two paths has the second for clients of old.
    private static readonly (string Path, string Method)[] s_paths =
    [
        ("kv/range", "etcdserverpb.KV.Range"),
        ("kv/put", "etcdserverpb.KV.Put"),
        ("kv/deleterange", "etcdserverpb.KV.DeleteRange"),
        ("kv/txn", "etcdserverpb.KV.Txn"),
        ("kv/compaction", "etcdserverpb.KV.Compact"),
        ("watch", "etcdserverpb.Watch.Watch"),
        ("lease/grant", "etcdserverpb.Lease.LeaseGrant"),
        ("lease/revoke", "etcdserverpb.Lease.LeaseRevoke"),
        ("kv/lease/revoke", "etcdserverpb.Lease.LeaseRevoke"),
        ("lease/keepalive", "etcdserverpb.Lease.LeaseKeepAlive"),
        ("lease/timetolive", "etcdserverpb.Lease.LeaseTimeToLive"),
        ("kv/lease/timetolive", "etcdserverpb.Lease.LeaseTimeToLive"),
        ("lease/leases", "etcdserverpb.Lease.LeaseLeases"),
        ("kv/lease/leases", "etcdserverpb.Lease.LeaseLeases"),
        ("cluster/member/add", "etcdserverpb.Cluster.MemberAdd"),
        ("cluster/member/remove", "etcdserverpb.Cluster.MemberRemove"),
        ("cluster/member/update", "etcdserverpb.Cluster.MemberUpdate"),
        ("cluster/member/list", "etcdserverpb.Cluster.MemberList"),
        ("cluster/member/promote", "etcdserverpb.Cluster.MemberPromote"),
        ("maintenance/alarm", "etcdserverpb.Maintenance.Alarm"),
        ("maintenance/status", "etcdserverpb.Maintenance.Status"),
        ("maintenance/defragment", "etcdserverpb.Maintenance.Defragment"),
        ("maintenance/hash", "etcdserverpb.Maintenance.Hash"),
        ("maintenance/hashkv", "etcdserverpb.Maintenance.HashKV"),
        ("maintenance/snapshot", "etcdserverpb.Maintenance.Snapshot"),
        ("maintenance/transfer-leadership", "etcdserverpb.Maintenance.MoveLeader"),
        ("maintenance/downgrade", "etcdserverpb.Maintenance.Downgrade"),
        ("auth/enable", "etcdserverpb.Auth.AuthEnable"),
        ("auth/disable", "etcdserverpb.Auth.AuthDisable"),
        ("auth/status", "etcdserverpb.Auth.AuthStatus"),
        ("auth/authenticate", "etcdserverpb.Auth.Authenticate"),
        ("auth/user/add", "etcdserverpb.Auth.UserAdd"),
        ("auth/user/get", "etcdserverpb.Auth.UserGet"),
        ("auth/user/list", "etcdserverpb.Auth.UserList"),
        ("auth/user/delete", "etcdserverpb.Auth.UserDelete"),
        ("auth/user/changepw", "etcdserverpb.Auth.UserChangePassword"),
        ("auth/user/grant", "etcdserverpb.Auth.UserGrantRole"),
        ("auth/user/revoke", "etcdserverpb.Auth.UserRevokeRole"),
        ("auth/role/add", "etcdserverpb.Auth.RoleAdd"),
        ("auth/role/get", "etcdserverpb.Auth.RoleGet"),
        ("auth/role/list", "etcdserverpb.Auth.RoleList"),
        ("auth/role/delete", "etcdserverpb.Auth.RoleDelete"),
        ("auth/role/grant", "etcdserverpb.Auth.RoleGrantPermission"),
        ("auth/role/revoke", "etcdserverpb.Auth.RoleRevokePermission"),
        ("lock/lock", "v3lockpb.Lock.Lock"),
        ("lock/unlock", "v3lockpb.Lock.Unlock"),
        ("election/campaign", "v3electionpb.Election.Campaign"),
        ("election/proclaim", "v3electionpb.Election.Proclaim"),
        ("election/leader", "v3electionpb.Election.Leader"),
        ("election/observe", "v3electionpb.Election.Observe"),
        ("election/resign", "v3electionpb.Election.Resign"),
    ];

    // 3.4 and later serve /v3 and /v3beta, 3.3 /v3beta and /v3alpha, those before /v3alpha: the paths behind them are the same.
    private static readonly string[] s_prefixes = ["/v3/", "/v3beta/", "/v3alpha/"];

    // Descriptors are made when somebody asks for one: a start does not wait for them.
    private static readonly Lazy<IReadOnlyList<ServiceDescriptor>> s_services = new(static () =>
        [.. RpcReflection.Descriptor.Services, .. V3LockReflection.Descriptor.Services, .. V3ElectionReflection.Descriptor.Services]);

    private static readonly Lazy<Dictionary<string, MethodDescriptor>> s_methods = new(static () => s_paths.ToDictionary(
        static route => route.Path,
        static route => Services.SelectMany(static service => service.Methods).Single(method => method.FullName == route.Method)));

    /// <summary>All public services.</summary>
    public static IReadOnlyList<ServiceDescriptor> Services => s_services.Value;

    /// <summary>What follows the gateway's prefix; null when the path is not under one.</summary>
    public static string? Below(string path)
    {
        foreach (var prefix in s_prefixes)
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
                return path[prefix.Length..];
        }
        return null;
    }

    /// <summary>The method of a path below the prefix; null when there is none.</summary>
    public static MethodDescriptor? Find(string path) => s_methods.Value.GetValueOrDefault(path);

    /// <summary>Whether there is a path to the method.</summary>
    public static bool IsMapped(MethodDescriptor method) => s_methods.Value.ContainsValue(method);

    /// <summary>Its name on the wire: <c>/package.Service/Method</c>.</summary>
    public static string GrpcPath(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";
}
