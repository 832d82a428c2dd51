using ApiGateway.Host.Tracing;
using Grpc.Core;
using Hosting.Metrics;

namespace ApiGateway.Host.Metrics;

/// <summary>What is counted of one gRPC method. Thread-safe; what a call costs here is a few interlocked additions.</summary>
internal sealed class MethodMetrics(GrpcMetrics all, Counter started, Counter received, Counter sent, Counter[] handled, Histogram? seconds, bool isStream)
{
    /// <summary>Times calls; null unless they are to be timed.</summary>
    public Histogram? Seconds => seconds;

    /// <summary>A call has reached its handler.</summary>
    public void Started(HttpContext context)
    {
        started.Increment();
        all.Requests.Count(context, isStream);
    }

    /// <summary>A message came from a client.</summary>
    /// <param name="bytes">Its length without its frame.</param>
    public void Received(int bytes)
    {
        received.Increment();
        all.ReceivedBytes.Add(bytes);
    }

    /// <summary>Messages go to a client.</summary>
    /// <param name="messages">How many.</param>
    /// <param name="bytes">Their lengths together, without their frames.</param>
    public void Sent(int messages, long bytes)
    {
        sent.Add(messages);
        all.SentBytes.Add(bytes);
    }

    /// <summary>A call that is timed has ended.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="start">Timestamp of its start.</param>
    public void Took(ServerCallContext call, long start)
    {
        if (seconds is null)
            return;
        if (Exemplars.AreWanted)
            Exemplars.WorkFor(GatewayTracing.TraceOf(call.GetHttpContext()));
        seconds.ObserveSince(start);
        if (Exemplars.AreWanted)
            Exemplars.WorkFor(default);
    }

    /// <summary>A call has ended.</summary>
    public void Handled(StatusCode code) => handled[(int)code].Increment();

    /// <summary>A call has failed.</summary>
    /// <returns>False: for the filter of a catch that catches nothing.</returns>
    public bool Failed(Exception exception, ServerCallContext call)
    {
        Handled(CodeOf(exception, call));
        return false;
    }

    private static StatusCode CodeOf(Exception exception, ServerCallContext call)
    {
        // As the client sees it: once it has left or its time is over, nothing else reaches it.
        if (call.CancellationToken.IsCancellationRequested)
            return call.Deadline != DateTime.MaxValue && call.Deadline <= DateTime.UtcNow ? StatusCode.DeadlineExceeded : StatusCode.Cancelled;
        return exception is RpcException failed && Enum.IsDefined(failed.StatusCode) ? failed.StatusCode : StatusCode.Unknown;
    }
}
