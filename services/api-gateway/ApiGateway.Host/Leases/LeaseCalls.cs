using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using Consensus.Contracts;
using LeaseManager.Contracts;

namespace ApiGateway.Host.Leases;

/// <summary>
/// Calls of the active lease manager that outlast a move of it: while none is active they ask again, for as long as a request may take. Thread-safe.
/// </summary>
internal sealed class LeaseCalls(ILeaseManager leases, GatewayOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(50);

    public ValueTask<KeepAliveResult> KeepAliveAsync(long id, LogIndex minApplied, CancellationToken cancellation)
    {
        var asked = leases.KeepAliveAsync(id, minApplied, cancellation);
        return asked.IsCompletedSuccessfully
            ? asked
            : LastingAsync(asked, static (manager, about, token) => manager.KeepAliveAsync(about.id, about.minApplied, token), (id, minApplied), cancellation);
    }

    public ValueTask<TimeToLiveResult> TimeToLiveAsync(long id, LogIndex minApplied, CancellationToken cancellation) => LastingAsync(
        null, static (manager, about, token) => manager.TimeToLiveAsync(about.id, about.minApplied, token), (id, minApplied), cancellation);

    public ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation) =>
        LastingAsync(null, static (manager, about, token) => manager.ListAsync(about, token), minApplied, cancellation);

    /// <exception cref="RequestFailedException">"No leader": none was active in time.</exception>
    private async ValueTask<T> LastingAsync<T, TAbout>(
        ValueTask<T>? first, Func<ILeaseManager, TAbout, CancellationToken, ValueTask<T>> call, TAbout about, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var wait = s_firstWait;
        while (true)
        {
            var left = options.RequestTimeout - time.GetElapsedTime(began);
            try
            {
                var asked = first ?? call(leases, about, cancellation);
                first = null;
                return await asked.AsTask().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new RequestFailedException(EtcdError.NoLeader);
            }
            catch (LeaseManagerNotActiveException)
            {
                first = null;
                if (options.RequestTimeout - time.GetElapsedTime(began) <= wait)
                    throw new RequestFailedException(EtcdError.NoLeader);
            }
            await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
            wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait;
        }
    }
}
