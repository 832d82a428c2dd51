using Consensus.Contracts;
using LeaseManager.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Feed.Broker;
using WatchHub.Feed.Publishing;
using WatchHub.Feed.Store;

namespace WatchHub.Feed;

/// <summary>What every feed of a process works with.</summary>
internal sealed record FeedContext(
    IWatchHub Hub, IStorage Storage, IConsensus Consensus, ILeaseManager Leases, IBroker Broker, FeedMetrics Metrics, FeedOptions Options, TimeProvider Time, ILogger Logger)
{
    public StoreCommands OpenCommands() => new(Storage, Consensus, Options, Time, Logger);

    public FeedClaims ClaimsOf(string feed, StoreCommands commands) => new(feed, commands, Hub, Leases, Options, Time, Logger);

    public Publisher PublisherOf(string feed) => new(feed, Broker, Metrics.Of(feed), Options, Time, Logger);

    /// <summary>Monotonic, with an arbitrary origin.</summary>
    public TimeSpan Now => Time.GetElapsedTime(0);
}
