using System.Collections.Concurrent;

namespace ApiGateway.Host.Watching;

/// <summary>
/// Now and then asks every open watch stream's hub session how far it is, so that the resume position of an idle watch does not
/// fall behind a compaction. One timer for all streams.
/// </summary>
internal sealed class WatchBookmarks(GatewayOptions options, TimeProvider time) : BackgroundService
{
    private readonly ConcurrentDictionary<WatchCall, byte> _calls = new();

    public void Add(WatchCall call) => _calls.TryAdd(call, 0);

    public void Remove(WatchCall call) => _calls.TryRemove(call, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.WatchBookmarkPeriod, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            foreach (var call in _calls.Keys)
                call.AskBookmark();
        }
    }
}
