using Grpc.Core;
using Liveness;

namespace Storage.Client;

/// <summary>Ends a call over which nothing comes for too long. The time that the consumer takes does not count. For one reader.</summary>
internal sealed class WatchedStream : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _ended;
    private readonly CallTraffic _traffic = new();
    private TimeSpan _currentLimit;
    private SilenceWatch? _silence;
    private bool _hasBegun;
    private volatile bool _isSilent;

    /// <param name="establishLimit">Longest silence before the first message.</param>
    /// <param name="limit">Longest silence after it; infinite for none.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="cancellation">The consumer's.</param>
    public WatchedStream(TimeSpan establishLimit, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        (_limit, _time, _cancellation) = (limit, time, cancellation);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Watch(establishLimit);
    }

    /// <summary>Opens the call that is watched, with a token that ends it.</summary>
    public TCall Open<TCall>(Func<CancellationToken, TCall> open) => _traffic.Open(() => open(_ended.Token));

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
            _silence?.Resume();
            var moved = await next.ConfigureAwait(false);
            if (!_hasBegun)
            {
                _hasBegun = true;
                Watch(_limit);
            }
            _silence?.Pause();
            return moved;
        }
        catch (Exception exception) when (_cancellation.IsCancellationRequested && (exception is RpcException or ObjectDisposedException))
        {
            throw new OperationCanceledException(exception.Message, exception, _cancellation);
        }
        catch (Exception exception) when (_isSilent && (exception is RpcException or OperationCanceledException))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"the storage replica gave no sign of life for {_currentLimit}"));
        }
    }

    public void Dispose()
    {
        _silence?.Dispose();
        _ended.Dispose();
    }

    private void Watch(TimeSpan limit)
    {
        _silence?.Dispose();
        _currentLimit = limit;
        _silence = limit == Timeout.InfiniteTimeSpan ? null : new SilenceWatch(limit, _traffic, _time, End);
        // Until somebody listens.
        _silence?.Pause();
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
