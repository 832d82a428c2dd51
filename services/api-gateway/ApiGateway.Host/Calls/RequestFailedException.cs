#pragma warning disable CA1032 // One constructor: the error decides everything.
using ApiGateway.Core.Errors;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>A request that ends with an error of the table. An RpcException, so that the gRPC binding needs no translation.</summary>
public sealed class RequestFailedException : RpcException
{
    public RequestFailedException(EtcdError error)
        : this(error, EtcdErrors.Status(error))
    {
    }

    private RequestFailedException(EtcdError error, RpcStatus status)
        : base(new Status((StatusCode)status.Code, status.Message), status.Message) => Error = error;

    public EtcdError Error { get; }

    /// <summary>Throws unless there is no error.</summary>
    public static void ThrowIf(EtcdError error)
    {
        if (error != EtcdError.None)
            throw new RequestFailedException(error);
    }
}
