using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Fakes;

/// <summary>Calls of the public API without generated clients.</summary>
internal static class Proto
{
    public static Method<TRequest, TResponse> Method<TRequest, TResponse>(string service, string name, MethodType type = MethodType.Unary)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new(type, service, name, Marshaller<TRequest>(), Marshaller<TResponse>());

    public static async Task<TResponse> CallAsync<TRequest, TResponse>(
        this CallInvoker invoker, string service, string name, TRequest request, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        await invoker.AsyncUnaryCall(
            Method<TRequest, TResponse>(service, name), null, new CallOptions(headers, DateTime.UtcNow.AddSeconds(20)), request);

    public static Marshaller<T> Marshaller<T>()
        where T : class, IMessage<T>, new() => new(message => message.ToByteArray(), bytes => new MessageParser<T>(() => new T()).ParseFrom(bytes));
}
