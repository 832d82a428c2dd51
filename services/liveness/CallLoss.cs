using Grpc.Core;

namespace Liveness;

/// <summary>What gRPC's client throws when the other side of a call is gone.</summary>
public static class CallLoss
{
    /// <summary>
    /// The call ended without an answer: its other side, its connection or its channel is gone, or it was cancelled. A status comes as an <see cref="RpcException"/> where a message is
    /// read; where one is written the connection's own words come through as well (<see cref="IOException"/>, <see cref="HttpRequestException"/>).
    /// </summary>
    public static bool Is(Exception exception) =>
        exception is RpcException or IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;
}
