using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>Adds methods whose requests are raw bytes to a gRPC service.</summary>
internal sealed class MethodBinder<TService>(ServiceMethodProviderContext<TService> context, string serviceName, GatewayOptions options)
    where TService : class
{
    private readonly Marshaller<byte[]> _request = RawRequest.Marshaller(options.MaxMessageBytes);

    public void Unary(string name, UnaryServerMethod<TService, byte[], Reply> method) =>
        context.AddUnaryMethod(Describe(MethodType.Unary, name, Reply.Marshaller), [], method);

    public void Duplex<TResponse>(
        string name, Marshaller<TResponse> response, DuplexStreamingServerMethod<TService, byte[], TResponse> method)
        where TResponse : class =>
        context.AddDuplexStreamingMethod(Describe(MethodType.DuplexStreaming, name, response), [], method);

    private Method<byte[], TResponse> Describe<TResponse>(MethodType type, string name, Marshaller<TResponse> response) =>
        new(type, serviceName, name, _request, response);
}
