using Conformance.Harness;

namespace Conformance.V3;

/// <summary>Goal: every unary answer and error of KV equals etcd's. Method: the same bytes to both, answers compared.</summary>
public sealed class GrpcKvTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(RangeScenarios.All(), WriteScenarios.All(), TxnScenarios.All(), StateStoreScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>Goal: streams, leases and bad input behave as etcd's. Method: as <see cref="GrpcKvTests"/>, on a pair of its own.</summary>
public sealed class GrpcStreamTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(WatchScenarios.All(), LeaseScenarios.All(), BadInputScenarios.All(), DowngradeScenarios.All);

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>Goal: idle watches hear how far they are as from etcd. Method: as <see cref="GrpcKvTests"/>, with a short interval.</summary>
public sealed class GrpcProgressTests(QuickProgressPair pair) : IClassFixture<QuickProgressPair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(ProgressScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>Goal: no sequence of operations tells the two apart. Method: seeded random sequences.</summary>
public sealed class GrpcRandomTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(RandomScenarios.All(), RandomWatchScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>Goal: locks and elections are etcd's. Method: as <see cref="GrpcKvTests"/>, on a pair of its own, for they wait for each other.</summary>
public sealed class GrpcContendingTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(ContendingScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}
