using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Watching;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Limits;
using ApiGateway.Host.Metrics;
using ApiGateway.Host.Tracing;
using Grpc.Core;
using WatchHub.Contracts;

namespace ApiGateway.Host.Watching;

/// <summary>
/// One client watch stream on one hub session at a time. Two loops: one takes the client's requests, the other carries the
/// session's messages to the client and opens the next session when one ends (I6).
/// </summary>
internal sealed class WatchCall : IDisposable
{
    // Messages taken from the session at once, on the stack (16 bytes each).
    private const int MaxTakenMessages = 64;

    // Messages wait for a flush while more can be read; beyond this many bytes they go, so that a slow client's buffer stays small.
    private const int MaxUnflushedBytes = 64 * 1024;

    // A session that ends again at once is not followed by the next at once.
    private static readonly TimeSpan s_shortestUse = TimeSpan.FromMilliseconds(40);

    private readonly ClusterView _cluster;
    private readonly WatchAccess _access;

    // Holds as many as the rules know, under the gate.
    private readonly Room _room;
    private int _counted;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NextSession _next;
    private readonly IAsyncStreamReader<byte[]> _requests;
    private readonly CancellationTokenSource _ending;

    // Guards the rules and the session that they speak to; never held over an await.
    private readonly Lock _gate = new();
    private readonly WatchStream _watches = new();
    private IWatchSession? _session;

    // One writer at a time: the session's messages and the refusals of the request loop.
    private readonly SemaphoreSlim _writing = new(1);
    private readonly WatchOutput _output;
    private ulong _term;

    public WatchCall(
        IWatchHub hub, WatchAccess access, Room room, ClusterView cluster, ClusterView.Snapshot view, TimeProvider time, ILogger logger,
        IAsyncStreamReader<byte[]> requests, PipeWriter body, MethodMetrics counts, CancellationToken callEnds)
    {
        (_access, _room, _cluster, _time, _logger) = (access, room, cluster, time, logger);
        _next = new NextSession(hub, time, logger);
        _requests = requests;
        _output = new WatchOutput(body, view.Header, counts);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        _term = view.Status.Term.Value;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _room.GiveBack(_counted);
            _counted = 0;
        }
        _ending.Dispose();
        _writing.Dispose();
    }

    /// <summary>Runs until the client leaves. Its half-close does not end the stream.</summary>
    public async Task RunAsync()
    {
        var delivering = DeliverAsync(_ending.Token);
        var requesting = TakeRequestsAsync(_ending.Token);
        try
        {
            var first = await Task.WhenAny(delivering, requesting).ConfigureAwait(false);
            if (first == requesting && requesting.IsCompletedSuccessfully)
                first = delivering;
            await first.ConfigureAwait(false);
        }
        finally
        {
            await _ending.CancelAsync().ConfigureAwait(false);
            // Both end now; what the first of them had to say has been said.
            await Task.WhenAll(delivering, requesting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Asks the session how far it is; the answer moves resume positions and is not shown to the client.</summary>
    public void AskBookmark()
    {
        lock (_gate)
        {
            // One that is still busy with what it was asked for is none of the idle ones that this is for.
            if (_watches.HasWatches && _session is { HasRoom: true } session)
                session.RequestProgress();
        }
    }

    private async Task TakeRequestsAsync(CancellationToken ending)
    {
        while (await _requests.MoveNext(ending).ConfigureAwait(false))
        {
            if (!WatchCommand.TryRead(_requests.Current, out var command))
                throw new RequestFailedException(EtcdError.Undecodable);
            // One below revision 0 is refused for that, whoever asks.
            var denied = command is { Kind: WatchCommandKind.Create, StartRevision: >= 0 } ? await _access.CheckAsync(command, ending).ConfigureAwait(false) : EtcdError.None;
            if ((denied == EtcdError.None ? Handle(command) : Denied(denied)) is { } refusal)
                await WriteAsync(refusal, ending).ConfigureAwait(false);
            // A client that asks faster than its hub takes it waits in the connection.
            if (SessionInUse() is { HasRoom: false } busy)
                await busy.WaitForRoomAsync(ending).ConfigureAwait(false);
        }
    }

    private IWatchSession? SessionInUse()
    {
        lock (_gate)
            return _session;
    }

    private WatchReply Denied(EtcdError error)
    {
        lock (_gate)
            return WatchReply.Refused(EtcdErrors.Printed(error), _cluster.Seen.Revision, _term);
    }

    private WatchReply? Handle(in WatchCommand command)
    {
        lock (_gate)
        {
            switch (command.Kind)
            {
                case WatchCommandKind.Create:
                    if (!_room.TryTake(1, out var full))
                        return WatchReply.Refused(EtcdErrors.TooManyWatches(full!.Where, full.Most), _cluster.Seen.Revision, _term);
                    _counted++;
                    if (!_watches.TryCreate(command, _cluster.Seen, _term, out var spec, out var refusal))
                    {
                        GiveBackEnded();
                        return refusal;
                    }
                    // Without a session the next one gets it: the rules know it already.
                    _session?.Create(spec!);
                    return null;
                case WatchCommandKind.Cancel when _watches.TryCancelCompacted(command.WatchId, _cluster.Seen, _term, out var again):
                    return again;
                case WatchCommandKind.Cancel:
                    if (_watches.TryCancel(command.WatchId, out var hubId))
                        _session?.Cancel(hubId);
                    return null;
                case WatchCommandKind.Progress:
                    if (_watches.TryAskProgress())
                        _session?.RequestProgress();
                    return null;
                default:
                    return null;
            }
        }
    }

    // With the gate: what the rules know no more takes no room.
    private void GiveBackEnded()
    {
        var ended = _counted - _watches.Count;
        if (ended == 0)
            return;
        _counted -= ended;
        _room.GiveBack(ended);
    }

    private async Task DeliverAsync(CancellationToken ending)
    {
        try
        {
            while (true)
            {
                var session = await _next.TakeAsync(ending).ConfigureAwait(false);
                var opened = _time.GetTimestamp();
                await UseSessionAsync(session, ending).ConfigureAwait(false);
                if (_time.GetElapsedTime(opened) < s_shortestUse)
                    await Task.Delay(s_shortestUse, _time, ending).ConfigureAwait(false);
            }
        }
        finally
        {
            await _next.DropAsync().ConfigureAwait(false);
        }
    }

    private async Task UseSessionAsync(IWatchSession session, CancellationToken ending)
    {
        await using var owned = session.ConfigureAwait(false);
        foreach (var reply in Attach(session))
            await WriteAsync(reply, ending).ConfigureAwait(false);
        try
        {
            while (await _next.WaitToReadAsync(session, ending).ConfigureAwait(false))
                await DrainAsync(session, ending).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _session = null;
            }
        }
        if (_next.IsReady)
            _logger.WatchSessionLeft(_watches.Count);
        else
            _logger.WatchSessionLost(_watches.Count);
    }

    /// <summary>Opens every living watch on the session; hands out the answers to those that were being cancelled.</summary>
    private List<WatchReply> Attach(IWatchSession session)
    {
        lock (_gate)
        {
            _watches.Resume(_cluster.Seen, _term, out var specs, out var canceled);
            GiveBackEnded();
            specs.ForEach(session.Create);
            if (_watches.IsProgressAsked)
                session.RequestProgress();
            _session = session;
            return canceled;
        }
    }

    /// <summary>Writes all that can be read now, and flushes behind the last message.</summary>
    private async ValueTask DrainAsync(IWatchSession session, CancellationToken ending)
    {
        await _writing.WaitAsync(ending).ConfigureAwait(false);
        Activity? send = null;
        try
        {
            while (Fill(session, ref send) || _output.UnflushedBytes > 0)
                await _output.FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            send?.Dispose();
            _writing.Release();
        }
    }

    /// <summary>Writes what can be read now, up to a bound; true when there may be more.</summary>
    private bool Fill(IWatchSession session, ref Activity? send)
    {
        var buffer = new Taken();
        Span<WatchMessage> taken = buffer;
        int count;
        do
        {
            count = session.TryRead(taken);
            if (count == 0)
                return false;
            Write(taken[..count], ref send);
        }
        while (_output.UnflushedBytes < MaxUnflushedBytes);
        return true;
    }

    private void Write(ReadOnlySpan<WatchMessage> messages, ref Activity? send)
    {
        var run = _output.Begin(messages.Length);
        WatchContent? last = null;
        var isToLeave = false;
        lock (_gate)
        {
            foreach (ref readonly var message in messages)
            {
                if (!ReferenceEquals(message.Content, last))
                {
                    last = message.Content;
                    isToLeave |= last.Kind == WatchMessageKind.Leave;
                    _cluster.ObserveRevision(last.Revision);
                    _term = Math.Max(_term, last.Term.Value);
                    if (last.Trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
                    {
                        // From here until the next sampled revision's, or the flush: one span for all watches of the stream.
                        send?.Dispose();
                        send = GatewayTracing.StartSend(last.Trace);
                    }
                }
                if (_watches.TryAcceptWhole(message, out var clientId))
                    run.AddEvents(clientId, last);
                else if (_watches.TryAccept(message, out var reply))
                    run.Add(reply);
            }
            GiveBackEnded();
        }
        run.Complete();
        if (isToLeave)
            _next.Prepare(_ending.Token);
    }

    private async ValueTask WriteAsync(WatchReply reply, CancellationToken ending)
    {
        await _writing.WaitAsync(ending).ConfigureAwait(false);
        try
        {
            var run = _output.Begin(1);
            run.Add(reply);
            run.Complete();
            await _output.FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    [InlineArray(MaxTakenMessages)]
    private struct Taken
    {
        private WatchMessage _first;
    }
}
