namespace EndToEnd.Tests.Feed;

/// <summary>Test classes that share one RabbitMQ server.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitMqTests : ICollectionFixture<RabbitMqServer>
{
    public const string Name = "RabbitMQ";
}
