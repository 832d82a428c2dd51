using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using Grpc.AspNetCore.Server.Model;

namespace ApiGateway.Host.Kv;

/// <summary>Binds <see cref="KvService"/> under its public name.</summary>
internal sealed class KvMethods(GatewayOptions options, GrpcMetrics metrics, RangeStreamCalls streams) : IServiceMethodProvider<KvService>
{
    public const string ServiceName = "etcdserverpb.KV";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<KvService> context)
    {
        var methods = new MethodBinder<KvService>(context, ServiceName, options, metrics);
        methods.Unary("Range", static (service, request, call) => service.RangeAsync(request, call));
        methods.ServerStreaming("RangeStream", (_, request, replies, call) => streams.SendAsync(request, replies, call));
        methods.Unary("Put", static (service, request, call) => service.PutAsync(request, call));
        methods.Unary("DeleteRange", static (service, request, call) => service.DeleteRangeAsync(request, call));
        methods.Unary("Txn", static (service, request, call) => service.TxnAsync(request, call));
        methods.Unary("Compact", static (service, request, call) => service.CompactAsync(request, call));
    }
}
