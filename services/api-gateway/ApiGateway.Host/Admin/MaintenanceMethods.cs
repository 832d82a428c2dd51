using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using Grpc.AspNetCore.Server.Model;

namespace ApiGateway.Host.Admin;

/// <summary>Binds <see cref="MaintenanceService"/> under its public name.</summary>
internal sealed class MaintenanceMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<MaintenanceService>
{
    public const string ServiceName = "etcdserverpb.Maintenance";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<MaintenanceService> context)
    {
        var methods = new MethodBinder<MaintenanceService>(context, ServiceName, options, metrics);
        methods.Unary("Status", static (service, request, call) => service.StatusAsync(request, call));
        methods.Unary("Alarm", static (service, request, call) => service.AlarmAsync(request, call));
        methods.Unary("Defragment", static (service, request, call) => service.DefragmentAsync(request, call));
        methods.Unary("Hash", static (service, request, call) => service.HashAsync(request, call));
        methods.Unary("HashKV", static (service, request, call) => service.HashKvAsync(request, call));
        methods.Unary("MoveLeader", static (service, request, call) => service.MoveLeaderAsync(request, call));
        methods.Unary("Downgrade", static (service, request, call) => service.Downgrades.DowngradeAsync(request, call));
        methods.ServerStreaming("Snapshot", static (service, request, replies, call) => service.Snapshots.SendAsync(request, replies, call));
    }
}
