using Hosting;
using Microsoft.Extensions.Configuration;

namespace WatchHub.Feed.Tests;

/// <summary>Settings of feeds.</summary>
public class FeedConfigurationTests
{
    [Fact]
    public void Nothing_IsNoFeed() => Assert.Null(FeedConfiguration.Read(Of()));

    [Fact]
    public void Prefixes_AreReadInOrder()
    {
        var options = FeedConfiguration.Read(Of(("Broker", "amqp://127.0.0.1/events"), ("Prefixes", "orders=/orders/, all="), ("CursorInterval", "250ms")))!;
        Assert.Equal([new FeedSpec("orders", "/orders/"), new FeedSpec("all", "")], options.Feeds);
        Assert.Equal(new Uri("rabbitmq://127.0.0.1:5672/events"), options.Broker.Address);
        Assert.Equal(TimeSpan.FromMilliseconds(250), options.Limits.CursorInterval);
        Assert.Equal("distributed.feed.orders", options.ExchangeOf("orders"));
    }

    [Fact]
    public void Password_IsInNoText()
    {
        var options = FeedConfiguration.Read(Of(("Broker", "amqps://broker"), ("ClusterEvents", "true"), ("User", "feeder"), ("Password", "s3cret")))!;
        Assert.Equal(("s3cret", "rabbitmqs://broker:5671/"), (options.Broker.Password, options.Broker.Address.ToString()));
        Assert.DoesNotContain("s3cret", options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Feed:Broker: feeds are configured, and no broker", "Prefixes", "a=b")]
    [InlineData("Feed:Broker: expected amqp://", "Broker", "http://127.0.0.1")]
    [InlineData("Feed:Broker: credentials have no place", "Broker", "amqp://guest:s3cret@127.0.0.1")]
    [InlineData("Feed:Prefixes: a broker is configured, and no feed", "Broker", "amqp://127.0.0.1")]
    [InlineData("Feed:Prefixes: \"a\": expected name=prefix", "Broker", "amqp://h", "Prefixes", "a")]
    [InlineData("Feed:Prefixes: \"A\" is no name", "Broker", "amqp://h", "Prefixes", "A=b")]
    [InlineData("Feed:Prefixes: the name \"a\" is taken", "Broker", "amqp://h", "Prefixes", "a=b,a=c")]
    [InlineData("Feed:Prefixes: the name \"cluster\" is taken", "Broker", "amqp://h", "Prefixes", "cluster=b")]
    [InlineData("Feed:From: \"then\"", "Broker", "amqp://h", "Prefixes", "a=b", "From", "then")]
    [InlineData("Feed:MaxRefusals: \"0\"", "Broker", "amqp://h", "Prefixes", "a=b", "MaxRefusals", "0")]
    public void Nonsense_IsRefusedInASentence(string complaint, params string[] settings)
    {
        var configuration = Of([.. settings.Chunk(2).Select(static pair => (pair[0], pair[1]))]);
        var refused = Assert.Throws<ConfigurationException>(() => FeedConfiguration.Read(configuration));
        Assert.StartsWith(complaint, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Of(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(static pair => "Feed:" + pair.Name, static pair => (string?)pair.Value)).Build();
}
