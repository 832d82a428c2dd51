using Consensus.Contracts;
using LeaseManager.Contracts;

namespace LeaseManager.Client.Routing;

/// <summary>
/// The lease manager of a cluster whose members each have one: this process's own while its member leads, the leader's otherwise. While the leadership moves, calls
/// go on asking until <see cref="RoutedLeaseManagerOptions.CallTimeout"/> or their caller gives up. Thread-safe.
/// </summary>
public sealed class RoutedLeaseManager : ILeaseManager, IAsyncDisposable
{
    private readonly ILeaseManager _local;
    private readonly Func<CancellationToken, ValueTask<LeaseRoute>> _route;
    private readonly Func<string, ILeaseManager> _connect;
    private readonly RoutedLeaseManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();

    // One at a time: there is one leader.
    private string? _remoteAddress;
    private ILeaseManager? _remote;
    private bool _isDisposed;

    /// <param name="local">This process's manager; stays the caller's.</param>
    /// <param name="route">Where the leader is now; asked before each attempt.</param>
    /// <param name="connect">Makes a client of an address; null: <see cref="LeaseManagerClient"/>. Disposed by this object.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="time">Null: the system's.</param>
    public RoutedLeaseManager(
        ILeaseManager local, Func<CancellationToken, ValueTask<LeaseRoute>> route, Func<string, ILeaseManager>? connect = null,
        RoutedLeaseManagerOptions? options = null, TimeProvider? time = null)
    {
        (_local, _route, _connect) = (local, route, connect ?? (static address => new LeaseManagerClient(address)));
        (_options, _time) = (options ?? new RoutedLeaseManagerOptions(), time ?? TimeProvider.System);
    }

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        // The common case at the leader: nothing has to be awaited.
        var route = _route(cancellation);
        if (route.IsCompletedSuccessfully && route.Result.IsLocal)
        {
            var answer = _local.KeepAliveAsync(leaseId, minApplied, cancellation);
            return answer.IsCompletedSuccessfully ? answer : CallAsync(KeepAlive, (leaseId, minApplied), answer, cancellation);
        }
        return CallAsync(KeepAlive, (leaseId, minApplied), null, cancellation);

        static ValueTask<KeepAliveResult> KeepAlive(ILeaseManager manager, (long Id, LogIndex MinApplied) asked, CancellationToken token) =>
            manager.KeepAliveAsync(asked.Id, asked.MinApplied, token);
    }

    public ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) => CallAsync(
        static (manager, asked, token) => manager.TimeToLiveAsync(asked.leaseId, asked.minApplied, token), (leaseId, minApplied), null, cancellation);

    public ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation) =>
        CallAsync(static (manager, asked, token) => manager.ListAsync(asked, token), minApplied, null, cancellation);

    public ValueTask DisposeAsync()
    {
        ILeaseManager? remote;
        lock (_gate)
        {
            _isDisposed = true;
            remote = _remote;
            _remote = null;
        }
        return DisposeAsync(remote);
    }

    /// <summary>Attempt after attempt. <paramref name="first"/>: the first one, when it is under way already.</summary>
    /// <exception cref="LeaseManagerNotActiveException">No manager answered in time.</exception>
    private async ValueTask<T> CallAsync<T, TAsked>(
        Func<ILeaseManager, TAsked, CancellationToken, ValueTask<T>> call, TAsked asked, ValueTask<T>? first, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        var wait = _options.RetryMin;
        while (true)
        {
            using var attempt = new CancellationTokenSource(_options.Attempt, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, cancellation);
            string reason;
            try
            {
                var answer = first is { } running ? running : await AskAsync(call, asked, both.Token).ConfigureAwait(false);
                first = null;
                return await answer.AsTask().WaitAsync(both.Token).ConfigureAwait(false);
            }
            catch (LeaseManagerNotActiveException notActive)
            {
                reason = notActive.Message;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                reason = "the active lease manager did not answer in time";
            }
            catch (ObjectDisposedException) when (!Volatile.Read(ref _isDisposed))
            {
                reason = "the leader changed";
            }
            first = null;
            if (_time.GetElapsedTime(began) >= _options.CallTimeout)
                throw new LeaseManagerNotActiveException(reason);
            await Task.Delay(wait, _time, cancellation).ConfigureAwait(false);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, _options.RetryMax.Ticks));
        }
    }

    private async ValueTask<ValueTask<T>> AskAsync<T, TAsked>(
        Func<ILeaseManager, TAsked, CancellationToken, ValueTask<T>> call, TAsked asked, CancellationToken token)
    {
        var route = await _route(token).ConfigureAwait(false);
        if (!route.IsKnown)
            throw new LeaseManagerNotActiveException("no leader is known");
        var manager = route.IsLocal ? _local : await RemoteAsync(route.Address!).ConfigureAwait(false);
        return call(manager, asked, token);
    }

    private async ValueTask<ILeaseManager> RemoteAsync(string address)
    {
        ILeaseManager? left = null;
        ILeaseManager current;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_remote is null || _remoteAddress != address)
                (left, _remote, _remoteAddress) = (_remote, _connect(address), address);
            current = _remote;
        }
        // What still waits there asks again, here.
        await DisposeAsync(left).ConfigureAwait(false);
        return current;
    }

    private static async ValueTask DisposeAsync(ILeaseManager? manager)
    {
        if (manager is IAsyncDisposable client)
            await client.DisposeAsync().ConfigureAwait(false);
    }
}
