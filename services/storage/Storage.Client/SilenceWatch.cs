using Grpc.Core;

namespace Storage.Client;

/// <summary>Ends a call over which nothing comes for too long. The time that the consumer takes does not count. For one reader.</summary>
internal sealed class SilenceWatch : IDisposable
{
    private readonly TimeSpan _limit;
    private TimeSpan _nextLimit;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _ended;
    private readonly ITimer _timer;
    private volatile bool _isSilent;

    /// <summary>Watches a call that is opened with <see cref="Token"/>.</summary>
    /// <param name="establishLimit">Longest silence before the first message.</param>
    /// <param name="limit">Longest silence after it; infinite for none.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="cancellation">The consumer's.</param>
    public SilenceWatch(TimeSpan establishLimit, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _limit = limit;
        _nextLimit = establishLimit;
        _cancellation = cancellation;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Token = _ended.Token;
        _timer = time.CreateTimer(static self => ((SilenceWatch)self!).End(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The call's.</summary>
    public CancellationToken Token { get; }

    /// <summary>The next message; false at the stream's end.</summary>
    /// <exception cref="RpcException">The call failed, or went silent (unavailable).</exception>
    /// <exception cref="OperationCanceledException">The consumer cancelled, whatever the transport makes of it.</exception>
    public async ValueTask<bool> MoveNextAsync<T>(IAsyncStreamReader<T> stream)
    {
        try
        {
            var next = stream.MoveNext(CancellationToken.None);
            if (next.IsCompletedSuccessfully)
                return next.Result;
            _timer.Change(_nextLimit, Timeout.InfiniteTimeSpan);
            var moved = await next.ConfigureAwait(false);
            _nextLimit = _limit;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return moved;
        }
        catch (Exception exception) when (_cancellation.IsCancellationRequested && (exception is RpcException or ObjectDisposedException))
        {
            throw new OperationCanceledException(exception.Message, exception, _cancellation);
        }
        catch (Exception exception) when (_isSilent && (exception is RpcException or OperationCanceledException))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"the storage replica gave no sign of life for {_nextLimit}"));
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _ended.Dispose();
    }

    private void End()
    {
        _isSilent = true;
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The consumer left in the same moment.
        }
    }
}
