using Grpc.Core;
using Grpc.Net.Client;
using Liveness;
using WatchHub.Client.Hubs;
using WatchHub.Client.Sessions;
using WatchHub.Contracts;

namespace WatchHub.Client;

/// <summary>
/// All hubs as one. A session goes to the hub that has least to do for this client; hubs that come are filled slowly from the others, hubs that stop are left before they
/// do, and hubs that fall silent at once. Thread-safe.
/// </summary>
public sealed class WatchHubClient : IWatchHub, IDisposable
{
    private readonly Func<CancellationToken, ValueTask<IReadOnlyList<string>>> _resolve;
    private readonly Func<string, GrpcChannel> _connect;
    private readonly WatchHubClientOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly Placement _placement;

    // Guards the links, their seats and what is below; never held over an await.
    private readonly Lock _gate = new();
    private readonly List<HubLink> _links = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="resolve">The addresses of the hubs as of now; none: not known at the moment.</param>
    /// <param name="connect">Makes a channel to one address; disposed here.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="time">Null: the system's clock.</param>
    public WatchHubClient(
        Func<CancellationToken, ValueTask<IReadOnlyList<string>>> resolve, Func<string, GrpcChannel> connect, WatchHubClientOptions? options = null,
        TimeProvider? time = null)
    {
        (_resolve, _connect) = (resolve, connect);
        _options = options ?? new WatchHubClientOptions();
        _time = time ?? TimeProvider.System;
        _placement = new Placement(_options);
        _ = EveryAsync(_options.DiscoveryInterval, LookAsync);
        _ = EveryAsync(_options.MoveInterval, MoveAsync);
    }

    /// <summary>Of hubs that do not come and go.</summary>
    /// <param name="addresses">Separated by commas.</param>
    /// <param name="connect">As above; null: plain channels to http URLs.</param>
    /// <param name="options">Null: the defaults.</param>
    public WatchHubClient(string addresses, Func<string, GrpcChannel>? connect = null, WatchHubClientOptions? options = null)
        : this(Always(addresses), connect ?? GrpcChannel.ForAddress, options)
    {
    }

    /// <summary>Waits for a hub for as long as <see cref="WatchHubClientOptions.OpenLimit"/>.</summary>
    /// <exception cref="RpcException">No hub could be reached.</exception>
    public async ValueTask<IWatchSession> OpenSessionAsync(CancellationToken cancellation)
    {
        var deadline = _time.GetTimestamp() + (long)(_options.OpenLimit.TotalSeconds * _time.TimestampFrequency);
        var tried = new HashSet<HubLink>();
        while (true)
        {
            Task changed;
            HubLink? link;
            lock (_gate)
            {
                changed = _changed.Task;
                link = Placement.Choose(_links, static link => link.Seat, tried);
                if (link is not null)
                    link.Seat.Opening++;
            }
            if (link is not null)
            {
                if (await TryOpenAsync(link, cancellation).ConfigureAwait(false) is { } session)
                    return session;
                tried.Add(link);
                continue;
            }
            var left = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
            if (left <= TimeSpan.Zero)
                throw new RpcException(new Status(StatusCode.Unavailable, "no watch hub can be reached"));
            await ((Task)changed).WaitAsync(left, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            tried.Clear();
        }
    }

    /// <summary>Sessions on each hub, by address.</summary>
    internal IReadOnlyDictionary<string, int> Spread()
    {
        lock (_gate)
            return _links.ToDictionary(static link => link.Address, static link => link.Seat.Sessions);
    }

    /// <summary>Whether a hub is known, and takes sessions.</summary>
    internal bool IsGood(string address)
    {
        lock (_gate)
            return _links.Exists(link => link.Address == address && link.Seat.Place == HubPlace.Good);
    }

    public void Dispose()
    {
        HubLink[] links;
        lock (_gate)
        {
            if (_ended.IsCancellationRequested)
                return;
            _ended.Cancel();
            links = [.. _links];
            _links.Clear();
        }
        foreach (var link in links)
            link.Dispose();
    }

    private static Func<CancellationToken, ValueTask<IReadOnlyList<string>>> Always(string addresses)
    {
        string[] all = [.. addresses.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        return _ => new(all);
    }

    private async ValueTask<IWatchSession?> TryOpenAsync(HubLink link, CancellationToken cancellation)
    {
        try
        {
            var call = await link.OpenAsync(cancellation).ConfigureAwait(false);
            var session = new WatchHubClientSession(call, (ended, difference) => Reweigh(link, ended, difference));
            lock (_gate)
            {
                link.Seat.Opening--;
                link.Seat.Add(session);
            }
            session.Start();
            return session;
        }
        catch (Exception exception)
        {
            lock (_gate)
                link.Seat.Opening--;
            if (!cancellation.IsCancellationRequested && CallLoss.Is(exception))
                return null;
            throw;
        }
    }

    // Null: the session has ended.
    private void Reweigh(HubLink link, WatchHubClientSession session, int? difference)
    {
        lock (_gate)
        {
            if (difference is { } watches)
                link.Seat.Reweigh(session, watches);
            else
                link.Seat.Remove(session);
        }
    }

    private async Task EveryAsync(TimeSpan interval, Func<CancellationToken, ValueTask> work)
    {
        var ended = _ended.Token;
        using var timer = new PeriodicTimer(interval, _time);
        try
        {
            do
                await work(ended).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(ended).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async ValueTask LookAsync(CancellationToken cancellation)
    {
        var found = await _resolve(cancellation).ConfigureAwait(false);
        // All of them are stopped, or whoever knows the name is: those that are known serve until they say otherwise.
        if (found.Count == 0)
            return;
        List<HubLink> gone = [];
        lock (_gate)
        {
            if (cancellation.IsCancellationRequested)
                return;
            foreach (var link in _links)
            {
                link.IsListed = found.Contains(link.Address);
                Seat(link);
                if (!link.IsListed && (link.State is null || link.Seat.Sessions + link.Seat.Opening == 0))
                    gone.Add(link);
            }
            _links.RemoveAll(gone.Contains);
            foreach (var address in found.Where(address => _links.TrueForAll(link => link.Address != address)))
            {
                var link = new HubLink(address, _connect, _options, _time, OnChanged);
                // Anywhere in the row: clients that start together do not all begin with the same hub.
                _links.Insert(Random.Shared.Next(_links.Count + 1), link);
                _ = link.RunAsync();
            }
        }
        gone.ForEach(static link => link.Dispose());
    }

    private ValueTask MoveAsync(CancellationToken cancellation)
    {
        lock (_gate)
            _placement.Move([.. _links.Select(static link => link.Seat)], _options.MoveInterval);
        return default;
    }

    private void OnChanged(HubLink link)
    {
        lock (_gate)
        {
            Seat(link);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static void Seat(HubLink link) => link.Seat.Place = link.State switch
    {
        null or { Leaving: true } => HubPlace.None,
        { Following: true } when link.IsListed => HubPlace.Good,
        _ => HubPlace.Makeshift,
    };
}
