using ApiGateway.Core.Errors;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>Adds methods whose requests are raw bytes to a gRPC service.</summary>
internal sealed class MethodBinder<TService>(ServiceMethodProviderContext<TService> context, string serviceName, GatewayOptions options)
    where TService : class
{
    private readonly Marshaller<byte[]> _request = RawRequest.Marshaller(options.MaxMessageBytes);

    public void Unary(string name, UnaryServerMethod<TService, byte[], Reply> method)
    {
        var description = Describe(MethodType.Unary, name, Reply.Marshaller);
        context.AddUnaryMethod(description, [], (service, request, call) =>
            call.Method == description.FullName ? method(service, request, call) : throw Unknown(call));
    }

    public void ServerStreaming(string name, ServerStreamingServerMethod<TService, byte[], Reply> method)
    {
        var description = Describe(MethodType.ServerStreaming, name, Reply.Marshaller);
        context.AddServerStreamingMethod(description, [], (service, request, replies, call) =>
            call.Method == description.FullName ? method(service, request, replies, call) : throw Unknown(call));
    }

    public void Duplex<TResponse>(
        string name, Marshaller<TResponse> response, DuplexStreamingServerMethod<TService, byte[], TResponse> method)
        where TResponse : class
    {
        var description = Describe(MethodType.DuplexStreaming, name, response);
        context.AddDuplexStreamingMethod(description, [], (service, requests, responses, call) =>
            call.Method == description.FullName ? method(service, requests, responses, call) : throw Unknown(call));
    }

    // ASP.NET's routing takes no notice of case, gRPC does: "range" is no method.
    private RpcException Unknown(ServerCallContext call)
    {
        var status = EtcdErrors.Unimplemented(call.Method, service => service == serviceName);
        return new RpcException(new Status((StatusCode)status.Code, status.Message), status.Message);
    }

    private Method<byte[], TResponse> Describe<TResponse>(MethodType type, string name, Marshaller<TResponse> response) =>
        new(type, serviceName, name, _request, response);
}
