using Grpc.Core;

namespace ApiGateway.Host.Metrics;

/// <summary>The gRPC methods that an etcd 3.5 server has series for before anybody called them.</summary>
internal static class EtcdMethods
{
    public static readonly IReadOnlyList<(string Service, string[] Methods)> Unary =
    [
        ("etcdserverpb.Auth",
        [
            "AuthDisable", "AuthEnable", "AuthStatus", "Authenticate", "RoleAdd", "RoleDelete", "RoleGet", "RoleGrantPermission", "RoleList",
            "RoleRevokePermission", "UserAdd", "UserChangePassword", "UserDelete", "UserGet", "UserGrantRole", "UserList", "UserRevokeRole",
        ]),
        ("etcdserverpb.Cluster", ["MemberAdd", "MemberList", "MemberPromote", "MemberRemove", "MemberUpdate"]),
        ("etcdserverpb.KV", ["Compact", "DeleteRange", "Put", "Range", "Txn"]),
        ("etcdserverpb.Lease", ["LeaseGrant", "LeaseLeases", "LeaseRevoke", "LeaseTimeToLive"]),
        ("etcdserverpb.Maintenance", ["Alarm", "Defragment", "Downgrade", "Hash", "HashKV", "MoveLeader", "Status"]),
        ("grpc.health.v1.Health", ["Check", "List"]),
    ];

    public static readonly IReadOnlyList<(string Service, string Method, MethodType Type)> Streams =
    [
        ("etcdserverpb.Lease", "LeaseKeepAlive", MethodType.DuplexStreaming),
        ("etcdserverpb.Maintenance", "Snapshot", MethodType.ServerStreaming),
        ("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming),
        ("grpc.health.v1.Health", "Watch", MethodType.ServerStreaming),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<(string Service, string Method, MethodType Type)> All =>
        Unary.SelectMany(static entry => entry.Methods.Select(method => (entry.Service, method, MethodType.Unary))).Concat(Streams);

    /// <summary>As the label <c>grpc_type</c> says it.</summary>
    public static string TypeName(MethodType type) => type switch
    {
        MethodType.Unary => "unary",
        MethodType.ClientStreaming => "client_stream",
        MethodType.ServerStreaming => "server_stream",
        _ => "bidi_stream",
    };

    /// <summary>As the label <c>grpc_code</c> says it: Go's names.</summary>
    public static string CodeName(StatusCode code) => code == StatusCode.Cancelled ? "Canceled" : code.ToString();
}
