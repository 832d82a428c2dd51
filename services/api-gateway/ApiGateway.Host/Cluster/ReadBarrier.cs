using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using Consensus.Contracts;
using Grpc.Core;
using Hosting.Metrics;

namespace ApiGateway.Host.Cluster;

/// <summary>Linearizable reads: which log index a replica must have applied (I5), and how long to wait for it. Thread-safe.</summary>
/// <remarks>While the leadership moves, readers wait: an election is a pause, not an error.</remarks>
public sealed class ReadBarrier(IConsensus consensus, GatewayOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(50);

    /// <summary>Reads that were given up for want of a read index.</summary>
    internal Counter SlowReads { get; } = new();

    /// <summary>Times that a read index was refused; most are asked for again.</summary>
    internal Counter FailedReads { get; } = new();

    /// <summary>The read index now. Completes synchronously where consensus does.</summary>
    /// <exception cref="RequestFailedException">No leader confirmed itself in time.</exception>
    public ValueTask<LogIndex> ReadIndexAsync()
    {
        var reading = Ask();
        return reading.IsCompletedSuccessfully ? new ValueTask<LogIndex>(reading.Result.Index) : SlowReadIndexAsync(reading);
    }

    /// <summary>Awaits a call to another service, at most for the request timeout.</summary>
    /// <param name="call">The call; awaited once.</param>
    /// <param name="onTimeout">The error when it took too long, or nobody could be reached.</param>
    public ValueTask<T> BoundedAsync<T>(ValueTask<T> call, EtcdError onTimeout) =>
        call.IsCompletedSuccessfully ? call : SlowAsync(call, onTimeout);

    /// <summary>Awaits a call to another service for as long as that works on it: what goes through a whole store takes its time.</summary>
    /// <param name="call">The call; awaited once.</param>
    /// <param name="onLoss">The error when nobody could be reached.</param>
    public static async ValueTask<T> ReachedAsync<T>(ValueTask<T> call, EtcdError onLoss)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw new RequestFailedException(onLoss, exception);
        }
    }

    /// <summary>The same of a call without an answer.</summary>
    public static async ValueTask ReachedAsync(ValueTask call, EtcdError onLoss)
    {
        try
        {
            await call.ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw new RequestFailedException(onLoss, exception);
        }
    }

    private ValueTask<ReadIndex> Ask()
    {
        try
        {
            return consensus.ReadIndexAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is NoLeaderException or LogUnavailableException)
        {
            return ValueTask.FromException<ReadIndex>(exception);
        }
    }

    private async ValueTask<LogIndex> SlowReadIndexAsync(ValueTask<ReadIndex> reading)
    {
        var began = time.GetTimestamp();
        var wait = s_firstWait;
        while (true)
        {
            var left = options.RequestTimeout - time.GetElapsedTime(began);
            try
            {
                return (await reading.AsTask().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time).ConfigureAwait(false)).Index;
            }
            catch (TimeoutException)
            {
                SlowReads.Increment();
                throw new RequestFailedException(EtcdError.Timeout);
            }
            catch (Exception exception) when (exception is NoLeaderException or LogUnavailableException)
            {
                FailedReads.Increment();
                if (options.RequestTimeout - time.GetElapsedTime(began) <= wait)
                {
                    SlowReads.Increment();
                    throw new RequestFailedException(EtcdError.Timeout);
                }
            }
            await Task.Delay(wait, time).ConfigureAwait(false);
            wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait;
            reading = Ask();
        }
    }

    private async ValueTask<T> SlowAsync<T>(ValueTask<T> call, EtcdError onTimeout)
    {
        try
        {
            return await call.AsTask().WaitAsync(options.RequestTimeout, time).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            throw new RequestFailedException(onTimeout, exception);
        }
    }

    /// <summary>
    /// Whether nobody of another service could be reached for as long as its client tried. What a service throws of itself is a mistake of its own (unknown),
    /// which is not to look like that.
    /// </summary>
    internal static bool IsLoss(Exception exception) => exception is TimeoutException or NoLeaderException or LogUnavailableException
        or IOException or HttpRequestException or ObjectDisposedException or (RpcException { StatusCode: not StatusCode.Unknown } and not RequestFailedException);
}
