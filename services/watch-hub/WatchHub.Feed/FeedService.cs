using Consensus.Contracts;
using LeaseManager.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Feed.Broker;
using WatchHub.Feed.Cluster;
using WatchHub.Feed.Keys;

namespace WatchHub.Feed;

/// <summary>The feeds of this process, each by itself: one that waits for something holds up no other. Started and stopped as a hosted service.</summary>
internal sealed class FeedService(
    IWatchHub hub, IStorage storage, IConsensus consensus, ILeaseManager leases, IBroker broker, FeedMetrics metrics, FeedOptions options, TimeProvider time,
    ILogger<FeedService> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var context = new FeedContext(hub, storage, consensus, leases, broker, metrics, options, time, logger);
        var feeds = options.Feeds.Select(feed => new KeyFeed(feed, context).RunAsync(stoppingToken));
        if (options.ClusterEvents)
            feeds = feeds.Append(new ClusterEvents(context).RunAsync(stoppingToken));
        return Task.WhenAll(feeds);
    }
}
