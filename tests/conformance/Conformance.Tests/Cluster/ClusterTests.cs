using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>Goal: who runs a cluster with etcdctl cannot tell it from etcd's. Method: a walk through membership on three processes, compared with real etcd 3.5.</summary>
public sealed class ClusterMembershipTests
{
    internal static readonly ScenarioSet<ClusterSession> Set = new(MembershipScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothClusters_AnswersEqually(string name) => ClusterComparison.CompareAsync(Set[name], ServerProgram.Etcd35, "3.5");
}

/// <summary>Goal: mistakes at start-up end, or do not end, a member as they do with etcd. Method: as <see cref="ClusterMembershipTests"/>.</summary>
public sealed class ClusterStartupTests
{
    internal static readonly ScenarioSet<ClusterSession> Set = new(StartupScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothClusters_AnswersEqually(string name) => ClusterComparison.CompareAsync(Set[name], ServerProgram.Etcd35, "3.5");
}

/// <summary>Goal: members find each other by discovery as etcd's do, or fail to, with the same words. Method: as <see cref="ClusterMembershipTests"/>.</summary>
public sealed class ClusterDiscoveryTests
{
    internal static readonly ScenarioSet<ClusterSession> Set = new(DiscoveryScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothClusters_AnswersEqually(string name) => ClusterComparison.CompareAsync(Set[name], ServerProgram.Etcd35, "3.5");
}

/// <summary>Goal: as <see cref="ClusterMembershipTests"/>, for the v2 commands of etcdctl 3.4.</summary>
public sealed class ClusterV2Tests
{
    internal static readonly ScenarioSet<ClusterSession> Set = new(V2ClusterScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothClusters_AnswersEqually(string name) => ClusterComparison.CompareAsync(Set[name], ServerProgram.Etcd34, "3.4");
}

/// <summary>Goal: watches of a member that has lost its leader do what etcd's do. Method: as <see cref="ClusterMembershipTests"/>.</summary>
public sealed class ClusterWatchTests
{
    internal static readonly ScenarioSet<ClusterSession> Set = new(ClusterWatchScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothClusters_AnswersEqually(string name) => ClusterComparison.CompareAsync(Set[name], ServerProgram.Etcd35, "3.5");
}
