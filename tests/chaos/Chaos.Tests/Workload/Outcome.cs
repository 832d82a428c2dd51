using System.Net.Sockets;
using Grpc.Core;

namespace Chaos.Tests.Workload;

/// <summary>What a client knows about its request after an error.</summary>
public enum Outcome
{
    /// <summary>It certainly had no effect and never will.</summary>
    NotDone,

    /// <summary>It may have taken effect, or may yet.</summary>
    Unknown,
}

/// <summary>Reads it from a gRPC error.</summary>
public static class Outcomes
{
    /// <remarks>In doubt unknown: a wrong "not done" would hide a write from the checker.</remarks>
    public static Outcome Of(RpcException error) => error.StatusCode switch
    {
        // Refused as it stands: too many requests, no space, malformed, a condition that does not hold.
        StatusCode.InvalidArgument or StatusCode.ResourceExhausted or StatusCode.FailedPrecondition or StatusCode.OutOfRange
            or StatusCode.NotFound or StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.Unimplemented => Outcome.NotDone,
        // Nobody listened, so nothing was sent.
        StatusCode.Unavailable when WasNotSent(error) => Outcome.NotDone,
        _ => Outcome.Unknown,
    };

    /// <summary>Nobody listened.</summary>
    public static bool WasNotSent(RpcException error)
    {
        for (Exception? cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
                return true;
        }
        return false;
    }
}
