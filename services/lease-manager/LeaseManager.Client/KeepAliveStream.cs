using System.Collections.Concurrent;
using System.Threading.Channels;
using Consensus.Contracts;
using Grpc.Core;
using LeaseManager.Client.Wire;
using LeaseManager.Contracts;
using Liveness;

namespace LeaseManager.Client;

/// <summary>
/// Keep-alives on one duplex stream. What is asked while a batch is being sent goes into the next one. The manager may answer in any order, but not be silent, if a
/// limit is set: a stream on which nothing is answered for so long while something is asked is lost.
/// </summary>
internal sealed class KeepAliveStream : IAsyncDisposable
{
    private const int MaxBatch = 1024;

    private const int ChecksPerLimit = 4;

    // Unsent keep-alives; beyond it callers wait for room.
    private const int MaxUnsent = 65_536;

    private readonly AsyncDuplexStreamingCall<KeepAliveBatch, KeepAliveAnswers> _call;
    private readonly Channel<KeepAliveRequest> _unsent =
        Channel.CreateBounded<KeepAliveRequest>(new BoundedChannelOptions(MaxUnsent) { SingleReader = true });
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<KeepAliveResult>> _pending = new();
    private readonly Task _sending;
    private readonly Task _receiving;
    private ulong _lastRequestId;
    private Exception? _lost;

    // Runs while something is asked. The stream was heard at this timestamp, or nothing was asked then.
    private readonly TimeSpan? _maxSilence;
    private readonly ITimer _watch;
    private readonly TimeProvider _time;
    private long _heardAt;
    private int _isWatching;

    public KeepAliveStream(AsyncDuplexStreamingCall<KeepAliveBatch, KeepAliveAnswers> call, TimeSpan? maxSilence, TimeProvider time)
    {
        (_call, _maxSilence, _time) = (call, maxSilence, time);
        _watch = time.CreateTimer(static stream => ((KeepAliveStream)stream!).CheckSilence(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _sending = SendAsync();
        _receiving = ReceiveAsync();
    }

    /// <summary>True once the stream is of no more use.</summary>
    public bool IsLost => Volatile.Read(ref _lost) is not null;

    public async Task<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        var id = Interlocked.Increment(ref _lastRequestId);
        var answer = new TaskCompletionSource<KeepAliveResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        try
        {
            Watch();
            var request = new KeepAliveRequest { RequestId = id, LeaseId = leaseId, MinApplied = minApplied.Value };
            if (!_unsent.Writer.TryWrite(request))
                await _unsent.Writer.WriteAsync(request, cancellation);
            // Lost between the check above and now: nobody else would complete it.
            if (Volatile.Read(ref _lost) is { } lost)
                throw NotActive(lost);
            return await answer.Task.WaitAsync(cancellation);
        }
        catch (ChannelClosedException closed)
        {
            throw NotActive(closed.InnerException ?? closed);
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _unsent.Writer.TryComplete();
        _call.Dispose();
        await _sending;
        await _receiving;
    }

    private async Task SendAsync()
    {
        var reader = _unsent.Reader;
        try
        {
            while (await reader.WaitToReadAsync())
            {
                var batch = new KeepAliveBatch();
                while (batch.Requests.Count < MaxBatch && reader.TryRead(out var request))
                    batch.Requests.Add(request);
                await _call.RequestStream.WriteAsync(batch);
            }
            await _call.RequestStream.CompleteAsync();
        }
        catch (Exception broken) when (CallLoss.Is(broken))
        {
            Lose(broken);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                Volatile.Write(ref _heardAt, _time.GetTimestamp());
                foreach (var answer in _call.ResponseStream.Current.Answers)
                    Complete(answer);
            }
            Lose(new LeaseManagerNotActiveException("the lease manager closed the stream"));
        }
        catch (Exception broken) when (CallLoss.Is(broken))
        {
            Lose(broken);
        }
    }

    private void Complete(KeepAliveAnswer answer)
    {
        if (!_pending.TryRemove(answer.RequestId, out var waiting))
            return;
        if (answer.NotActive.Length > 0)
            waiting.TrySetException(new LeaseManagerNotActiveException(answer.NotActive));
        else
            waiting.TrySetResult(new KeepAliveResult(answer.TtlSeconds, answer.Revision, new Term(answer.Term)));
    }

    private void Watch()
    {
        if (_maxSilence is not { } limit || Volatile.Read(ref _isWatching) != 0 || Interlocked.Exchange(ref _isWatching, 1) != 0)
            return;
        Volatile.Write(ref _heardAt, _time.GetTimestamp());
        _watch.Change(limit / ChecksPerLimit, Timeout.InfiniteTimeSpan);
    }

    private void CheckSilence()
    {
        var limit = _maxSilence!.Value;
        if (_time.GetElapsedTime(Volatile.Read(ref _heardAt)) > limit && !_pending.IsEmpty)
        {
            Lose(new LeaseManagerNotActiveException($"it said nothing for {limit.TotalMilliseconds} ms"));
            return;
        }
        if (_pending.IsEmpty)
        {
            Volatile.Write(ref _isWatching, 0);
            // What was asked between the two starts the watch itself, or is seen here.
            if (_pending.IsEmpty || Interlocked.Exchange(ref _isWatching, 1) != 0)
                return;
            Volatile.Write(ref _heardAt, _time.GetTimestamp());
        }
        _watch.Change(limit / ChecksPerLimit, Timeout.InfiniteTimeSpan);
    }

    private void Lose(Exception reason)
    {
        Interlocked.CompareExchange(ref _lost, reason, null);
        _unsent.Writer.TryComplete(reason);
        foreach (var (id, _) in _pending)
            if (_pending.TryRemove(id, out var waiting))
                waiting.TrySetException(NotActive(reason));
        _call.Dispose();
    }

    private static LeaseManagerNotActiveException NotActive(Exception lost) => new($"the lease manager cannot be reached: {lost.Message}");
}
