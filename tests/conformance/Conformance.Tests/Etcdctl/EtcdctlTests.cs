using Conformance.Harness;
using Conformance.V3;

namespace Conformance.Etcdctl;

/// <summary>Goal: the unmodified etcdctl 3.5 cannot tell the servers apart. Method: output and exit codes of each command compared.</summary>
public sealed class EtcdctlKvTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<EtcdctlSession> Set = new(KvScenarios.All(), TxnScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], EtcdctlSession.OpenAsync);
}

/// <summary>Goal: as <see cref="EtcdctlKvTests"/>, for the commands that wait, and those about the cluster.</summary>
public sealed class EtcdctlClusterTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<EtcdctlSession> Set = new(WatchScenarios.All(), ClusterScenarios.All(), MatrixScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], EtcdctlSession.OpenAsync);
}

/// <summary>Goal: a full store, a corrupt one and maintenance look as etcd's to etcdctl. Method: as above, on a pair with a small quota.</summary>
public sealed class EtcdctlMaintenanceTests(SmallQuotaPair pair) : IClassFixture<SmallQuotaPair>
{
    internal static readonly ScenarioSet<EtcdctlSession> Set = new(MaintenanceScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], EtcdctlSession.OpenAsync);
}

/// <summary>Goal: users, roles and logging in look as etcd's to etcdctl. Method: as above, on a pair of its own.</summary>
public sealed class EtcdctlAuthTests(AuthPair pair) : IClassFixture<AuthPair>
{
    internal static readonly ScenarioSet<EtcdctlSession> Set = new(AuthScenarios.All(), MatrixScenarios.Users());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], EtcdctlSession.OpenAsync);
}

/// <summary>Goal: <c>check perf</c> runs to its end and leaves nothing behind.</summary>
public sealed class EtcdctlLoadTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<EtcdctlSession> Set = new(ClusterScenarios.Load());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], EtcdctlSession.OpenAsync);
}
