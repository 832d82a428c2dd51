using ApiGateway.Host.Calls;
using Grpc.AspNetCore.Server.Model;

namespace ApiGateway.Host.Leases;

/// <summary>Binds <see cref="LeaseService"/> under its public name.</summary>
internal sealed class LeaseMethods(GatewayOptions options) : IServiceMethodProvider<LeaseService>
{
    public const string ServiceName = "etcdserverpb.Lease";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<LeaseService> context)
    {
        var methods = new MethodBinder<LeaseService>(context, ServiceName, options);
        methods.Unary("LeaseGrant", static (service, request, call) => service.GrantAsync(request, call));
        methods.Unary("LeaseRevoke", static (service, request, call) => service.RevokeAsync(request, call));
        methods.Unary("LeaseTimeToLive", static (service, request, call) => service.TimeToLiveAsync(request, call));
        methods.Unary("LeaseLeases", static (service, request, call) => service.ListAsync(request, call));
        methods.Duplex(
            "LeaseKeepAlive", Reply.Marshaller, static (service, requests, _, call) => service.KeepAliveAsync(requests, call));
    }
}
