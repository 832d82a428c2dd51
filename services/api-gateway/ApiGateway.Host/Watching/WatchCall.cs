using ApiGateway.Core.Errors;
using ApiGateway.Core.Watching;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
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
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromSeconds(1);
    private static readonly WriteOptions s_more = new(WriteFlags.BufferHint);
    private static readonly WriteOptions s_flush = new();

    // Messages wait for a flush while more can be read; beyond this many bytes they go, so that a slow client's buffer stays small.
    private const int MaxUnflushedBytes = 64 * 1024;

    private readonly IWatchHub _hub;
    private readonly ClusterView _cluster;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IAsyncStreamReader<byte[]> _requests;
    private readonly IServerStreamWriter<WatchFrame> _responses;
    private readonly CancellationTokenSource _ending;

    // Guards the rules and the session that they speak to; never held over an await.
    private readonly Lock _gate = new();
    private readonly WatchStream _watches = new();
    private IWatchSession? _session;

    // One message at a time: the session's messages and the refusals of the request loop.
    private readonly SemaphoreSlim _writing = new(1);
    private readonly WatchFrame _frame;
    private ulong _term;

    public WatchCall(
        IWatchHub hub, ClusterView cluster, ClusterView.Snapshot view, TimeProvider time, ILogger logger,
        IAsyncStreamReader<byte[]> requests, IServerStreamWriter<WatchFrame> responses, CancellationToken callEnds)
    {
        (_hub, _cluster, _time, _logger) = (hub, cluster, time, logger);
        (_requests, _responses) = (requests, responses);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        _frame = new WatchFrame { Header = view.Header };
        _term = view.Status.Term.Value;
    }

    public void Dispose()
    {
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
            if (_watches.HasWatches)
                _session?.RequestProgress();
        }
    }

    private async Task TakeRequestsAsync(CancellationToken ending)
    {
        while (await _requests.MoveNext(ending).ConfigureAwait(false))
        {
            if (!WatchCommand.TryRead(_requests.Current, out var command))
                throw new RequestFailedException(EtcdError.Undecodable);
            if (Handle(command) is { } refusal)
                await WriteAsync(refusal, ending).ConfigureAwait(false);
        }
    }

    private WatchReply? Handle(in WatchCommand command)
    {
        lock (_gate)
        {
            switch (command.Kind)
            {
                case WatchCommandKind.Create:
                    if (!_watches.TryCreate(command, _cluster.SeenRevision, _term, out var spec, out var refusal))
                        return refusal;
                    // Without a session the next one gets it: the rules know it already.
                    _session?.Create(spec!);
                    return null;
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

    private async Task DeliverAsync(CancellationToken ending)
    {
        var backoff = s_firstBackoff;
        while (true)
        {
            var opened = _time.GetTimestamp();
            if (await TryOpenSessionAsync(ending).ConfigureAwait(false) is { } session)
                await UseSessionAsync(session, ending).ConfigureAwait(false);
            backoff = _time.GetElapsedTime(opened) > s_longestBackoff
                ? s_firstBackoff
                : TimeSpan.FromTicks(Math.Min(backoff.Ticks * 2, s_longestBackoff.Ticks));
            await Task.Delay(backoff, _time, ending).ConfigureAwait(false);
        }
    }

    private async ValueTask<IWatchSession?> TryOpenSessionAsync(CancellationToken ending)
    {
        try
        {
            return await _hub.OpenSessionAsync(ending).ConfigureAwait(false);
        }
        catch (Exception exception) when (!ending.IsCancellationRequested)
        {
            _logger.WatchSessionFailed(exception);
            return null;
        }
    }

    private async Task UseSessionAsync(IWatchSession session, CancellationToken ending)
    {
        await using var owned = session.ConfigureAwait(false);
        foreach (var reply in Attach(session))
            await WriteAsync(reply, ending).ConfigureAwait(false);
        try
        {
            while (await session.WaitToReadAsync(ending).ConfigureAwait(false))
                await DrainAsync(session, ending).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _session = null;
            }
        }
        _logger.WatchSessionLost(_watches.Count);
    }

    /// <summary>Opens every living watch on the session; hands out the answers to those that were being cancelled.</summary>
    private List<WatchReply> Attach(IWatchSession session)
    {
        lock (_gate)
        {
            if (!_watches.TryResume(_cluster.SeenRevision, _term, out var specs, out var canceled))
                throw new RequestFailedException(EtcdError.LeaderChanged);
            specs.ForEach(session.Create);
            if (_watches.IsProgressAsked)
                session.RequestProgress();
            _session = session;
            return canceled;
        }
    }

    /// <summary>Writes all that can be read now, and flushes with the last message.</summary>
    private async ValueTask DrainAsync(IWatchSession session, CancellationToken ending)
    {
        await _writing.WaitAsync(ending).ConfigureAwait(false);
        try
        {
            var unflushedBytes = 0;
            var isMore = TryNext(session, out var message, out var reply);
            while (isMore)
            {
                isMore = TryNext(session, out var nextMessage, out var nextReply);
                var isFlushed = !isMore || unflushedBytes >= MaxUnflushedBytes;
                using (GatewayTracing.StartSend(message.Trace))
                    await WriteLockedAsync(reply, isFlushed).ConfigureAwait(false);
                unflushedBytes = isFlushed ? 0 : unflushedBytes + _frame.Bytes;
                (message, reply) = (nextMessage, nextReply);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private bool TryNext(IWatchSession session, out WatchMessage message, out WatchReply reply)
    {
        while (session.TryRead(out message))
        {
            _cluster.ObserveRevision(message.Revision);
            lock (_gate)
            {
                _term = Math.Max(_term, message.Term.Value);
                if (_watches.TryAccept(message, out reply))
                    return true;
            }
        }
        reply = default;
        return false;
    }

    private async ValueTask WriteAsync(WatchReply reply, CancellationToken ending)
    {
        await _writing.WaitAsync(ending).ConfigureAwait(false);
        try
        {
            await WriteLockedAsync(reply, isFlushed: true).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private Task WriteLockedAsync(in WatchReply reply, bool isFlushed)
    {
        _frame.Reply = reply;
        _responses.WriteOptions = isFlushed ? s_flush : s_more;
        return _responses.WriteAsync(_frame);
    }
}
