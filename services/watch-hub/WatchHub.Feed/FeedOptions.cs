using WatchHub.Feed.Core.Keys;

namespace WatchHub.Feed;

/// <summary>What feeds there are and where they go. See <see cref="FeedConfiguration"/>.</summary>
public sealed record FeedOptions
{
    /// <summary>Name of the feed of cluster events; no feed of a prefix may have it.</summary>
    public const string ClusterFeed = "cluster";

    public required BrokerSettings Broker { get; init; }

    public required IReadOnlyList<FeedSpec> Feeds { get; init; }

    /// <summary>Tell of cluster events as well.</summary>
    public bool ClusterEvents { get; init; }

    /// <summary>A feed's exchange is this and its name.</summary>
    public string ExchangePrefix { get; init; } = "distributed.feed.";

    /// <summary>A feed that has no cursor yet begins with the oldest revision there is, not with the next one.</summary>
    public bool StartsWithOldest { get; init; }

    /// <summary>A message that no queue takes counts as refused.</summary>
    public bool Mandatory { get; init; }

    /// <summary>So many refusals make a dead letter.</summary>
    public int MaxRefusals { get; init; } = 5;

    /// <summary>Largest key and value together, in bytes; as sent they are a third longer. RabbitMQ 4 takes messages of 16 MiB unless told otherwise.</summary>
    public int MaxEventBytes { get; init; } = 8 * 1024 * 1024;

    public FeedLimits Limits { get; init; } = new();

    /// <summary>How long a claim outlives the process that holds it.</summary>
    public TimeSpan ClaimTtl { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A broker that has not confirmed for so long counts as away, and the message is sent again.</summary>
    public TimeSpan ConfirmPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A broker that is not connected to in so long counts as away.</summary>
    public TimeSpan ConnectPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First wait before something is tried again; doubles up to <see cref="RetryMax"/>.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a feed that hears nothing asks how far it is.</summary>
    public TimeSpan IdleInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the cluster is looked at for its events.</summary>
    public TimeSpan ClusterInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a process that stops tries to note its cursor and to give up its claim.</summary>
    public TimeSpan ReleasePatience { get; init; } = TimeSpan.FromSeconds(2);

    public string ExchangeOf(string feed) => ExchangePrefix + feed;
}
