using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using Grpc.AspNetCore.Server.Model;
using Storage.Contracts;

namespace ApiGateway.Host.Auth;

/// <summary>Binds <see cref="AuthService"/> under its public name.</summary>
internal sealed class AuthMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<AuthService>
{
    public const string ServiceName = "etcdserverpb.Auth";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<AuthService> context)
    {
        var methods = new MethodBinder<AuthService>(context, ServiceName, options, metrics);
        methods.Unary("Authenticate", static (service, request, call) => service.AuthenticateAsync(request, call));
        methods.Unary("UserAdd", static (service, request, call) => service.AddUserAsync(request, call));
        methods.Unary("UserChangePassword", static (service, request, call) => service.ChangePasswordAsync(request, call));
        foreach (var (name, kind) in (ReadOnlySpan<(string, CommandKind)>)
        [
            ("AuthEnable", CommandKind.AuthEnable), ("AuthDisable", CommandKind.AuthDisable), ("AuthStatus", CommandKind.AuthStatus),
            ("UserGet", CommandKind.UserGet), ("UserList", CommandKind.UserList), ("UserDelete", CommandKind.UserDelete),
            ("UserGrantRole", CommandKind.UserGrantRole), ("UserRevokeRole", CommandKind.UserRevokeRole),
            ("RoleAdd", CommandKind.RoleAdd), ("RoleGet", CommandKind.RoleGet), ("RoleList", CommandKind.RoleList), ("RoleDelete", CommandKind.RoleDelete),
            ("RoleGrantPermission", CommandKind.RoleGrantPermission), ("RoleRevokePermission", CommandKind.RoleRevokePermission),
        ])
        {
            methods.Unary(name, (service, request, call) => service.CommandAsync(kind, request, call));
        }
    }
}
