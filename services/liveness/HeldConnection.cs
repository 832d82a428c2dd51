using Grpc.Core;

namespace Liveness;

/// <summary>
/// A connection that waits for calls in a hurry: those to whoever leads next. Opened ahead of them by itself it would be closed, for a server takes a connection
/// without calls for one that is not used (Kestrel's after 130 s), and the hurried call would have to ask for a name and shake hands first.
/// </summary>
public static class HeldConnection
{
    /// <summary>Between two attempts, and how soon one that broke is there again.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // Of a server of before, which knows no such call: one that it refuses now and then is a call, too.
    private static readonly TimeSpan s_refusedDelay = TimeSpan.FromSeconds(30);

    /// <summary>Holds a call, and another one whenever it ends, until cancelled or until the channel is disposed of.</summary>
    /// <param name="open">Begins a call that says nothing and does not end by itself.</param>
    /// <param name="time">For the time between two attempts.</param>
    /// <param name="cancellation">Ends it, without an exception.</param>
    public static async Task KeepAsync<T>(Func<CancellationToken, AsyncServerStreamingCall<T>> open, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var delay = RetryDelay;
                try
                {
                    using var call = open(cancellation);
                    while (await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false))
                    {
                    }
                }
                catch (RpcException ended) when (!cancellation.IsCancellationRequested)
                {
                    if (ended.StatusCode == StatusCode.Unimplemented)
                        delay = s_refusedDelay;
                }
                await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException || (exception is RpcException && cancellation.IsCancellationRequested))
        {
            // Nobody needs it any longer.
        }
    }
}
