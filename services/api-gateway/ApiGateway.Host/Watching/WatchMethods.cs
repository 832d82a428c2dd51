using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using Grpc.AspNetCore.Server.Model;

namespace ApiGateway.Host.Watching;

/// <summary>Binds <see cref="WatchService"/> under its public name.</summary>
internal sealed class WatchMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<WatchService>
{
    public const string ServiceName = "etcdserverpb.Watch";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<WatchService> context) =>
        new MethodBinder<WatchService>(context, ServiceName, options, metrics).Duplex(
            "Watch", static (service, requests, _, call) => service.WatchAsync(requests, call));
}
