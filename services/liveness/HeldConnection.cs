using System.Net;
using System.Net.Sockets;
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

    // A few round trips of the longest ways.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Holds a call, and another one whenever it ends, until cancelled or until the channel is disposed of.</summary>
    /// <param name="open">Begins a call that says nothing and does not end by itself.</param>
    /// <param name="address">
    /// Where to: whether anybody is there is tried before each call, beside the channel. A channel that waits for an address without an answer has every call wait with it, also when somebody is there
    /// again; and the runtime asks for a name on a thread of the pool, for as long as the system does. Null: not tried.
    /// </param>
    /// <param name="time">For the time between two attempts.</param>
    /// <param name="cancellation">Ends it, without an exception.</param>
    public static async Task KeepAsync<T>(Func<CancellationToken, AsyncServerStreamingCall<T>> open, Uri? address, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var delay = RetryDelay;
                try
                {
                    if (address is not null)
                        await TryAsync(address, cancellation).ConfigureAwait(false);
                    using var call = open(cancellation);
                    while (await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false))
                    {
                    }
                }
                catch (Exception away) when (away is SocketException or TimeoutException)
                {
                    // Once more after a while.
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

    /// <exception cref="SocketException">Nobody knows the name, or nobody is there.</exception>
    /// <exception cref="TimeoutException">Nothing answers.</exception>
    private static async Task TryAsync(Uri address, CancellationToken cancellation)
    {
        var found = IPAddress.TryParse(address.IdnHost, out var literal) ? [literal] : await LookUpAsync(address.IdnHost).WaitAsync(cancellation).ConfigureAwait(false);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(found, address.Port, cancellation).AsTask().WaitAsync(s_patience, cancellation).ConfigureAwait(false);
    }

    private static Task<IPAddress[]> LookUpAsync(string host) =>
        Task.Factory.StartNew(() => Dns.GetHostAddresses(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
