using ApiGateway.Core.Errors;

namespace ApiGateway.Core.Json;

/// <summary>The HTTP status of a gRPC code (v3-wire §3.3).</summary>
public static class HttpStatus
{
    /// <summary>Number, and reason as in the status line.</summary>
    public static (int Status, string Reason) Of(RpcCode code) => code switch
    {
        RpcCode.Ok => (200, "OK"),
        RpcCode.Canceled => (408, "Request Timeout"),
        RpcCode.InvalidArgument or RpcCode.FailedPrecondition or RpcCode.OutOfRange => (400, "Bad Request"),
        RpcCode.DeadlineExceeded => (504, "Gateway Timeout"),
        RpcCode.NotFound => (404, "Not Found"),
        RpcCode.AlreadyExists or RpcCode.Aborted => (409, "Conflict"),
        RpcCode.PermissionDenied => (403, "Forbidden"),
        RpcCode.Unauthenticated => (401, "Unauthorized"),
        RpcCode.ResourceExhausted => (429, "Too Many Requests"),
        RpcCode.Unimplemented => (501, "Not Implemented"),
        RpcCode.Unavailable => (503, "Service Unavailable"),
        _ => (500, "Internal Server Error"),
    };
}
