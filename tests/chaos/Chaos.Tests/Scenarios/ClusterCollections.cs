using Chaos.Tests.Harness;

namespace Chaos.Tests.Scenarios;

/// <summary>Scenarios that take turns on one cluster of the chosen program.</summary>
[CollectionDefinition(Name)]
public sealed class MemberClusters : ICollectionFixture<SharedCluster>
{
    public const string Name = "one cluster of members";
}

/// <summary>Scenarios that take turns on one cluster whose services are processes of their own.</summary>
[CollectionDefinition(Name)]
public sealed class SplitClusters : ICollectionFixture<SharedCluster>
{
    public const string Name = "one cluster of services";
}
