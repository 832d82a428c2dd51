using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using Grpc.AspNetCore.Server.Model;

namespace ApiGateway.Host.Leases;

/// <summary>Binds <see cref="LeaseService"/> under its public name.</summary>
internal sealed class LeaseMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<LeaseService>
{
    public const string ServiceName = "etcdserverpb.Lease";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<LeaseService> context)
    {
        var methods = new MethodBinder<LeaseService>(context, ServiceName, options, metrics);
        methods.Unary("LeaseGrant", static (service, request, call) => service.GrantAsync(request, call));
        methods.Unary("LeaseRevoke", static (service, request, call) => service.RevokeAsync(request, call));
        methods.Unary("LeaseTimeToLive", static (service, request, call) => service.TimeToLiveAsync(request, call));
        methods.Unary("LeaseLeases", static (service, request, call) => service.ListAsync(request, call));
        methods.Duplex(
            "LeaseKeepAlive", static (service, requests, _, call) => service.KeepAliveAsync(requests, call));
    }
}
