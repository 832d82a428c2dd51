using ApiGateway.Core.Errors;
using ApiGateway.Host.Metrics;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>Requests arrive as the bytes that the client sent: they are looked at in place and travel on as they are.</summary>
internal static class RawRequest
{
    /// <summary>
    /// Up to this size a message that is too large is read whole, so that its refusal can name its size as etcd does; beyond, the
    /// transport refuses it in its own words. Bounds what one call can make the gateway hold.
    /// </summary>
    public const int TransportLimitBytes = 16 * 1024 * 1024;

    /// <summary>A marshaller that refuses messages above <paramref name="maxBytes"/>, and counts the others.</summary>
    public static Marshaller<byte[]> Marshaller(int maxBytes, MethodMetrics counts) =>
        new(static (_, _) => throw new NotSupportedException("a server sends no requests"), context =>
        {
            if (context.PayloadLength <= maxBytes)
            {
                counts.Received(context.PayloadLength);
                return context.PayloadAsNewBuffer();
            }
            var status = EtcdErrors.MessageTooLarge(context.PayloadLength, maxBytes);
            throw new RpcException(new Status((StatusCode)status.Code, status.Message), status.Message);
        });
}
