using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using Consensus.Contracts;

namespace ApiGateway.Host.Cluster;

/// <summary>Linearizable reads: which log index a replica must have applied (I5), and how long to wait for it. Thread-safe.</summary>
public sealed class ReadBarrier(IConsensus consensus, GatewayOptions options, TimeProvider time)
{
    /// <summary>The read index now. Completes synchronously where consensus does.</summary>
    /// <exception cref="RequestFailedException">No leader confirmed itself in time.</exception>
    public ValueTask<LogIndex> ReadIndexAsync()
    {
        var reading = consensus.ReadIndexAsync(CancellationToken.None);
        return reading.IsCompletedSuccessfully ? new ValueTask<LogIndex>(reading.Result.Index) : SlowReadIndexAsync(reading);
    }

    /// <summary>Awaits a call to another service, at most for the request timeout.</summary>
    /// <param name="call">The call; awaited once.</param>
    /// <param name="onTimeout">The error when it took too long.</param>
    public ValueTask<T> BoundedAsync<T>(ValueTask<T> call, EtcdError onTimeout) =>
        call.IsCompletedSuccessfully ? call : SlowAsync(call, onTimeout);

    private async ValueTask<LogIndex> SlowReadIndexAsync(ValueTask<ReadIndex> reading) =>
        (await SlowAsync(reading, EtcdError.Timeout).ConfigureAwait(false)).Index;

    private async ValueTask<T> SlowAsync<T>(ValueTask<T> call, EtcdError onTimeout)
    {
        try
        {
            return await call.AsTask().WaitAsync(options.RequestTimeout, time).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or NoLeaderException)
        {
            throw new RequestFailedException(onTimeout);
        }
    }
}
