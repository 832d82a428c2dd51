using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using Grpc.AspNetCore.Server.Model;

namespace ApiGateway.Host.Contending;

/// <summary>Binds <see cref="ElectionService"/> under its public name.</summary>
internal sealed class ElectionMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<ElectionService>
{
    public const string ServiceName = "v3electionpb.Election";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ElectionService> context)
    {
        var methods = new MethodBinder<ElectionService>(context, ServiceName, options, metrics);
        methods.Unary("Campaign", static (service, request, call) => service.CampaignAsync(request, call));
        methods.Unary("Proclaim", static (service, request, call) => service.ProclaimAsync(request, call));
        methods.Unary("Leader", static (service, request, call) => service.LeaderAsync(request, call));
        methods.ServerStreaming("Observe", static (service, request, replies, call) => service.ObserveAsync(request, replies, call));
        methods.Unary("Resign", static (service, request, call) => service.ResignAsync(request, call));
    }
}
