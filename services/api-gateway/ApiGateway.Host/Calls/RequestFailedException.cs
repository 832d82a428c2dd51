#pragma warning disable CA1032 // One constructor: the error decides everything.
using ApiGateway.Core.Errors;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>A request that ends with an error of the table. An RpcException, so that the gRPC binding needs no translation.</summary>
public sealed class RequestFailedException : RpcException
{
    /// <param name="error">What the client is told.</param>
    /// <param name="cause">What the log is told on top of it.</param>
    public RequestFailedException(EtcdError error, Exception? cause = null)
        : this(error, EtcdErrors.Status(error), cause)
    {
    }

    private RequestFailedException(EtcdError error, RpcStatus status, Exception? cause)
        : base(new Status((StatusCode)status.Code, status.Message, cause), status.Message) => Error = error;

    public EtcdError Error { get; }

    /// <summary>Throws unless there is no error.</summary>
    public static void ThrowIf(EtcdError error)
    {
        if (error != EtcdError.None)
            throw new RequestFailedException(error);
    }
}
