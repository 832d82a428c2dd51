using System.Buffers;
using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Tracing;
using ApiGateway.Host.Watching;
using Storage.Contracts;
using WatchHub.Contracts;

namespace ApiGateway.Host.Rest;

/// <summary>A long poll or stream on /v2/keys.</summary>
internal sealed class V2WatchHandler(
    IWatchHub hub, IStorage storage, ReadBarrier barrier, ClusterView cluster, StreamGuards guards, TimeProvider time, ILogger<V2WatchHandler> logger)
{
    // etcd keeps the last 1,000 events of the whole store, one index each.
    private const long HistoryEvents = 1000;
    private const long WatchId = 1;
    private static readonly byte[] s_below = [0];
    // A session that ends again at once is not followed by the next at once.
    private static readonly TimeSpan s_backoff = TimeSpan.FromMilliseconds(50);

    private long _open;

    /// <summary>Watches that wait at this moment.</summary>
    public long Count => Interlocked.Read(ref _open);

    /// <summary>
    /// Streams until the watch is over; hands back the error when it cannot begin. When the process stops, a poll is answered without an event, which clients take
    /// for "ask again".
    /// </summary>
    public async Task<V2Error?> HandleAsync(HttpContext context, V2Request request)
    {
        var aborted = context.RequestAborted;
        var state = await barrier.BoundedAsync(storage.GetStatusAsync(aborted), EtcdError.Timeout).ConfigureAwait(false);
        var began = Math.Max(state.V2Index, cluster.SeenV2Index);
        // An index that the clock will never reach waits for ever, as it does in etcd.
        var waitIndex = (long)Math.Min(request.WaitIndex, long.MaxValue);
        var firstHeld = began - HistoryEvents + 1;
        if (waitIndex != 0 && waitIndex < firstHeld)
        {
            return new V2Error(
                V2Errors.EventIndexCleared, $"the requested history has been cleared [{firstHeld}/{waitIndex}]", (ulong)began);
        }

        // Before the client hears that it waits, and until it hears the end.
        Interlocked.Increment(ref _open);
        try
        {
            await WaitAsync(context, request, began, waitIndex, state).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
        return null;
    }

    private async Task WaitAsync(HttpContext context, V2Request request, long began, long waitIndex, StorageStatus state)
    {
        var aborted = context.RequestAborted;
        V2KeysHandler.SetIndexes(context, began, state.AppliedIndex, state.AppliedTerm);
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = RestResponse.Json;
        // The client learns at once that the watch stands; a write that it makes from here on is seen, because the start is fixed.
        await context.Response.StartAsync(aborted).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync(aborted).ConfigureAwait(false);
        var watch = new Cursor(request, began, waitIndex != 0 ? waitIndex : began + 1);
        using var guard = guards.Open(context, aborted);
        var next = new NextSession(hub, time, logger);
        try
        {
            while (!await UseSessionAsync(context, watch, next, guard.Token).ConfigureAwait(false))
                if (!next.IsReady)
                    await Task.Delay(s_backoff, time, guard.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (guard.IsEnded)
        {
            // Nothing happened, as far as this member can tell.
        }
        finally
        {
            await next.DropAsync().ConfigureAwait(false);
        }
    }

    /// <summary>True when the watch is over; false when the session was lost or left and another must carry on.</summary>
    private static async Task<bool> UseSessionAsync(HttpContext context, Cursor watch, NextSession next, CancellationToken ending)
    {
        var opened = await next.TakeAsync(ending).ConfigureAwait(false);
        await using var session = opened.ConfigureAwait(false);
        opened.Create(watch.Spec());
        while (await next.WaitToReadAsync(opened, ending).ConfigureAwait(false))
        {
            while (opened.TryRead(out var message))
            {
                switch (message.Kind)
                {
                    case WatchMessageKind.Canceled:
                        return true;
                    case WatchMessageKind.Leave:
                        next.Prepare(ending);
                        break;
                    case WatchMessageKind.Events when await DeliverAsync(context, watch, message, ending).ConfigureAwait(false):
                        return true;
                }
            }
        }
        return false;
    }

    private static async ValueTask<bool> DeliverAsync(HttpContext context, Cursor watch, WatchMessage message, CancellationToken ending)
    {
        var body = context.Response.BodyWriter;
        using (GatewayTracing.StartSend(message.Trace))
        {
            body.Write(message.Events.Span);
            body.Write("\n"u8);
            await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
        watch.Next = message.LastRevision + 1;
        if (!watch.Request.Stream)
            return true;
        // A stream that begins in the past gets one event of history and then nothing: etcd's defect, which clients know.
        if (watch.IsFromHistory && message.LastRevision <= watch.Began)
            await Task.Delay(Timeout.Infinite, ending).ConfigureAwait(false);
        return false;
    }

    /// <summary>Where one watch is.</summary>
    private sealed class Cursor(V2Request request, long began, long next)
    {
        public V2Request Request { get; } = request;

        public long Began { get; } = began;

        public bool IsFromHistory => Request.WaitIndex != 0;

        public long Next { get; set; } = next;

        public WatchSpec Spec() => new(
            WatchId, KeySpace.V2, Encoding.UTF8.GetBytes(Request.Path), Request.Recursive ? s_below : default, Next, Began,
            PreviousValue: false, NoPut: false, NoDelete: false, ProgressNotify: false, Fragment: false);
    }
}
