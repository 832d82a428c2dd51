using System.Collections.Concurrent;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Host.Sessions;
using WatchHub.Host.Spaces;

namespace WatchHub.Host;

/// <summary>
/// The hub in this process: one core and one feed per key space, any number of sessions. Started and stopped as a hosted service.
/// </summary>
public sealed class WatchHubService : BackgroundService, IWatchHub
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<WatchHubSession, bool> _sessions = new();
    private readonly WatchHubOptions _options;
    private readonly TimeProvider _time;
    private readonly HubSpace _v3;
    private readonly HubSpace _v2;
    private readonly FeedPump _v3Pump;
    private readonly FeedPump _v2Pump;

    public WatchHubService(IStorage storage, WatchHubOptions options, TimeProvider time, ILogger<WatchHubService> logger)
    {
        (_options, _time) = (options, time);
        _v3 = new HubSpace(KeySpace.V3, storage, options, time, logger, _stopping.Token);
        _v2 = new HubSpace(KeySpace.V2, storage, options, time, logger, _stopping.Token);
        _v3Pump = new FeedPump(KeySpace.V3, storage, _v3, options, time, logger);
        _v2Pump = new FeedPump(KeySpace.V2, storage, _v2, options, time, logger);
    }

    /// <summary>The hub hears from storage in both key spaces, or did a moment ago.</summary>
    public bool IsFollowing => _v3Pump.IsFollowing && _v2Pump.IsFollowing;

    /// <summary>Watches of v3 keys.</summary>
    internal int Watchers => _v3.Figures.Watchers;

    /// <summary>Of those, the ones that have not got everything yet.</summary>
    internal int SlowWatchers => _v3.Figures.Behind;

    /// <summary>v3 events handed to sessions so far, each as often as watches get it.</summary>
    internal long Events => _v3.Figures.Events;

    private bool HasStarted => _v3Pump.Started.Task.IsCompletedSuccessfully && _v2Pump.Started.Task.IsCompletedSuccessfully;

    /// <summary>Opens a session; waits until the hub has heard from storage once.</summary>
    /// <exception cref="OperationCanceledException">The hub is stopping, or the caller gave up.</exception>
    public async ValueTask<IWatchSession> OpenSessionAsync(CancellationToken cancellation)
    {
        if (!HasStarted)
            await Task.WhenAll(_v3Pump.Started.Task, _v2Pump.Started.Task).WaitAsync(cancellation);
        var session = new WatchHubSession(_v3, _v2, _options, closed => _sessions.TryRemove(closed, out _));
        _sessions[session] = true;
        // In this order: a session is either refused here or seen by the end of all sessions.
        if (_stopping.IsCancellationRequested)
        {
            session.End();
            throw new OperationCanceledException("the watch hub is stopping", _stopping.Token);
        }
#pragma warning disable CA5394 // Spreads load; nothing secret.
        session.Open(Random.Shared.NextDouble());
#pragma warning restore CA5394
        return session;
    }

    public override void Dispose()
    {
        base.Dispose();
        _stopping.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var linked = stoppingToken.Register(_stopping.Cancel);
        var pumps = Task.WhenAll(_v3Pump.RunAsync(_stopping.Token), _v2Pump.RunAsync(_stopping.Token));
        try
        {
            using var ticks = StartTicks();
            // A broken core ends this, and with it the process: its state cannot be trusted any more.
            await await Task.WhenAny(pumps, _v3.Broken.Task, _v2.Broken.Task);
        }
        finally
        {
            await _stopping.CancelAsync();
            foreach (var session in _sessions.Keys)
                session.End();
            await pumps;
        }
    }

    private ITimer StartTicks()
    {
        var period = TimeSpan.FromTicks(Math.Clamp(
            _options.Limits.ProgressInterval.Ticks / 20, TimeSpan.FromMilliseconds(5).Ticks, TimeSpan.FromSeconds(1).Ticks));
        return _time.CreateTimer(static state => ((WatchHubService)state!).Tick(), this, period, period);
    }

    private void Tick()
    {
        if (_v3.WantsTicks)
            _v3.PostTick();
        if (_v2.WantsTicks)
            _v2.PostTick();
    }
}
