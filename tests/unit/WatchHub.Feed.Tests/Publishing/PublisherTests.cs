using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WatchHub.Feed.Core.Delivery;
using WatchHub.Feed.Publishing;
using WatchHub.Feed.Tests.Fakes;
using WatchHub.Messages;

namespace WatchHub.Feed.Tests.Publishing;

/// <summary>When a message is tried again and when it is given up.</summary>
public class PublisherTests
{
    private static readonly FeedOptions s_options = new()
    {
        Broker = new(new Uri("rabbitmq://127.0.0.1"), "guest", "secret"),
        Feeds = [],
        MaxRefusals = 3,
        MaxEventBytes = 100,
        RetryMin = TimeSpan.FromTicks(1),
        RetryMax = TimeSpan.FromTicks(1),
    };

    private readonly List<double> _refusedBefore = [];
    private readonly FeedFigures _figures = new FeedMetrics().Of("orders");

    [Fact]
    public async Task BrokerIsAway_IsTriedUntilItIsBack()
    {
        var broker = new ScriptedBroker([.. Enumerable.Repeat(SendOutcome.Unavailable, 20)]);
        await PublishAsync(broker, Message(10));
        Assert.Equal(21, broker.Letters.Count);
        Assert.All(broker.Letters, static letter => Assert.Equal("distributed.feed.orders", letter.Exchange));
        Assert.Equal((1, 20, 0), (_figures.Published.Value, _figures.Retries.Value, _figures.DeadLetters.Value));
    }

    /// <summary>No message is given up for it, and one line tells of it, also when the broker was away before.</summary>
    [Fact]
    public async Task NotAllowed_IsToldOnceAsAnError_AndTriedUntilItIsAllowed()
    {
        var broker = new ScriptedBroker([SendOutcome.Unavailable, .. Enumerable.Repeat(SendOutcome.NotAllowed, 20)]) { OnSend = () => _refusedBefore.Add(_figures.AccessRefused.Value) };
        var log = new ListLogger();
        await PublishAsync(broker, Message(10), log);
        Assert.Equal((22, 1, 21, 0), (broker.Letters.Count, _figures.Published.Value, _figures.Retries.Value, _figures.DeadLetters.Value));
        Assert.Equal([LogLevel.Warning, LogLevel.Error, LogLevel.Information], log.Lines.Select(static line => line.Level).Where(static level => level > LogLevel.Debug));
        Assert.Contains("does not let the feed in", log.Lines.Single(static line => line.Level == LogLevel.Error).Text, StringComparison.Ordinal);
        Assert.Equal([0, 0, .. Enumerable.Repeat(1d, 20)], _refusedBefore);
        Assert.Equal(0, _figures.AccessRefused.Value);
    }

    [Fact]
    public async Task Refused_SoManyTimes_IsADeadLetter()
    {
        var broker = new ScriptedBroker(SendOutcome.Refused, SendOutcome.Unavailable, SendOutcome.Refused, SendOutcome.Refused, SendOutcome.Unavailable);
        var message = Message(10);
        await PublishAsync(broker, message);
        Assert.Equal(6, broker.Letters.Count);
        var dead = broker.Letters[^1];
        Assert.Equal(("distributed.feed.orders.dead-letter", "as told"), (dead.Exchange, dead.DeadBecause));
        Assert.Equal(message, dead.Message);
        Assert.Equal((0, 1), (_figures.Published.Value, _figures.DeadLetters.Value));
    }

    [Fact]
    public async Task Suspected_CountsOnlyWhenAlone()
    {
        var broker = new ScriptedBroker(SendOutcome.Suspected, SendOutcome.Suspected, SendOutcome.Suspected);
        await PublishAsync(broker, Message(10));
        // The first may have been another's fault: two refusals of three.
        Assert.Equal((1, 3, 0), (_figures.Published.Value, _figures.Retries.Value, _figures.DeadLetters.Value));
        broker = new ScriptedBroker(SendOutcome.Suspected, SendOutcome.Suspected, SendOutcome.Suspected, SendOutcome.Suspected);
        await PublishAsync(broker, Message(10));
        Assert.Equal(1, _figures.DeadLetters.Value);
    }

    [Fact]
    public async Task TooLarge_IsADeadLetterAtOnce_WithoutItsValue()
    {
        var broker = new ScriptedBroker();
        await PublishAsync(broker, Message(101));
        var dead = Assert.IsType<KeyChanged>(Assert.Single(broker.Letters).Message);
        Assert.Equal((true, 101, 0), (dead.ValueLeftOut, dead.ValueBytes, dead.Value.Length));
    }

    private Task PublishAsync(ScriptedBroker broker, StoreMessage message, ILogger? log = null) =>
        new Publisher("orders", broker, _figures, s_options, TimeProvider.System, log ?? NullLogger.Instance).PublishAsync(message, CancellationToken.None);

    private static KeyChanged Message(int valueBytes) => new() { Id = "1", Value = new byte[valueBytes], ValueBytes = valueBytes };
}
