using Consensus.Contracts;
using LeaseManager.Client.Routing;
using LeaseManager.Contracts;

namespace LeaseManager.Client.Replicated;

/// <summary>
/// Several lease managers of which one is active, as one. Calls go to the one that was found active; when it is not, or says nothing, all are asked until one is,
/// at most for <see cref="RoutedLeaseManagerOptions.CallTimeout"/>. Thread-safe.
/// </summary>
public sealed class ReplicatedLeaseManager : ILeaseManager, IAsyncDisposable
{
    // A list may be long.
    private const int ListAttempts = 10;

    private readonly RoutedLeaseManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ActiveSearch _search;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new();

    // The search that is under way, or the last one: its result is the manager that calls go to. Who finds that one wanting starts the next.
    private Task<ILeaseManager>? _found;

    /// <param name="resolve">The addresses of all managers as of now; asked again and again while none is active.</param>
    /// <param name="connect">Makes a client of an address. Disposed by this object.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="time">Null: the system's.</param>
    public ReplicatedLeaseManager(
        Func<CancellationToken, ValueTask<IReadOnlyList<string>>> resolve, Func<string, ILeaseManager> connect, RoutedLeaseManagerOptions? options = null,
        TimeProvider? time = null)
    {
        (_options, _time) = (options ?? new RoutedLeaseManagerOptions(), time ?? TimeProvider.System);
        _search = new ActiveSearch(resolve, connect, _options, _time);
    }

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) => CallAsync(
        static (manager, asked, token) => manager.KeepAliveAsync(asked.leaseId, asked.minApplied, token), (leaseId, minApplied), null, cancellation);

    public ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) => CallAsync(
        static (manager, asked, token) => manager.TimeToLiveAsync(asked.leaseId, asked.minApplied, token), (leaseId, minApplied), _options.Attempt,
        cancellation);

    public ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation) =>
        CallAsync(static (manager, asked, token) => manager.ListAsync(asked, token), minApplied, ListAttempts * _options.Attempt, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        Task? search;
        lock (_gate)
            search = _found;
        if (search is not null)
            await search.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _search.DisposeAsync().ConfigureAwait(false);
        _disposed.Dispose();
    }

    /// <summary>Attempt after attempt, each for as long as is said; null: keep-alives, whose client notices itself that a manager is silent.</summary>
    /// <exception cref="LeaseManagerNotActiveException">No manager answered in time.</exception>
    private async ValueTask<T> CallAsync<T, TAsked>(
        Func<ILeaseManager, TAsked, CancellationToken, ValueTask<T>> call, TAsked asked, TimeSpan? attempt, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var found = Found();
            var manager = await found.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return attempt is { } limit
                    ? await AttemptAsync(call, manager, asked, limit, cancellation).ConfigureAwait(false)
                    : await call(manager, asked, cancellation).ConfigureAwait(false);
            }
            catch (Exception failed) when (failed is LeaseManagerNotActiveException or ObjectDisposedException && _time.GetElapsedTime(began) < _options.CallTimeout)
            {
                // A client that is disposed is that of an address which is gone.
                Leave(found);
            }
        }
    }

    private async ValueTask<T> AttemptAsync<T, TAsked>(
        Func<ILeaseManager, TAsked, CancellationToken, ValueTask<T>> call, ILeaseManager manager, TAsked asked, TimeSpan limit, CancellationToken cancellation)
    {
        using var attempt = new CancellationTokenSource(limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, cancellation);
        try
        {
            return await call(manager, asked, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new LeaseManagerNotActiveException("the active lease manager did not answer in time");
        }
    }

    private Task<ILeaseManager> Found()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            if (_found is null || _found.IsFaulted || _found.IsCanceled)
                _found = _search.RunAsync(_disposed.Token);
            return _found;
        }
    }

    // Unless someone has left it already.
    private void Leave(Task<ILeaseManager> found)
    {
        lock (_gate)
        {
            if (_found == found)
                _found = null;
        }
    }
}
