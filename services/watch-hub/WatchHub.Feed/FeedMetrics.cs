using Hosting.Metrics;

namespace WatchHub.Feed;

/// <summary>What the feeds of this process show. Not etcd's names: etcd has no feeds.</summary>
internal sealed class FeedMetrics : IMetricSource
{
    private readonly Labeled<Counter> _published = new(static () => new(), "feed");
    private readonly Labeled<Counter> _retries = new(static () => new(), "feed");
    private readonly Labeled<Counter> _deadLetters = new(static () => new(), "feed");
    private readonly Labeled<Counter> _missed = new(static () => new(), "feed");
    private readonly Labeled<Gauge> _accessRefused = new(static () => new(), "feed");
    private readonly Labeled<Gauge> _active = new(static () => new(), "feed");
    private readonly Labeled<Gauge> _confirmed = new(static () => new(), "feed");
    private readonly Labeled<Gauge> _cursor = new(static () => new(), "feed");

    public FeedFigures Of(string feed) =>
        new(_published.With(feed), _retries.With(feed), _deadLetters.With(feed), _missed.With(feed), _accessRefused.With(feed), _active.With(feed), _confirmed.With(feed), _cursor.With(feed));

    public void Describe(MetricRegistry registry)
    {
        registry.Add("distributed_feed_published_total", "Messages that the broker has confirmed.", _published);
        registry.Add("distributed_feed_retries_total", "Attempts to publish that were made again.", _retries);
        registry.Add("distributed_feed_dead_letters_total", "Messages that the broker refused and that went to the dead-letter queue.", _deadLetters);
        registry.Add("distributed_feed_missed_total", "Times that compaction overtook the feed.", _missed);
        registry.Add("distributed_feed_access_refused", "1 from when the broker does not let the feed in, or not write, until it takes a message.", _accessRefused);
        registry.Add("distributed_feed_active", "1 while this process runs the feed, 0 while it stands by.", _active);
        registry.Add("distributed_feed_confirmed_revision", "Every change up to this revision is confirmed by the broker.", _confirmed);
        registry.Add("distributed_feed_cursor_revision", "The cursor that the store has.", _cursor);
    }
}

/// <summary>Of one feed.</summary>
internal sealed record FeedFigures(Counter Published, Counter Retries, Counter DeadLetters, Counter Missed, Gauge AccessRefused, Gauge Active, Gauge Confirmed, Gauge Cursor);
