using Conformance.Harness;
using Conformance.V3;

namespace Conformance.V2;

/// <summary>Goal: every v2 answer equals etcd 3.4's. Method: the same requests to both; status, headers and body compared.</summary>
public sealed class V2KeysTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<V2Session> Set = new(KeysScenarios.All(), RequestScenarios.All(), StatsScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2Session.OpenAsync);
}

/// <summary>Goal: v2 watches and expiry behave as etcd 3.4's. Method: as <see cref="V2KeysTests"/>, on a pair of its own.</summary>
public sealed class V2WatchTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<V2Session> Set = new(WatchScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2Session.OpenAsync);
}

/// <summary>Goal: no sequence of v2 requests tells the two apart. Method: seeded random sequences.</summary>
public sealed class V2RandomTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<V2Session> Set = new(RandomScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2Session.OpenAsync);
}

/// <summary>Goal: users and roles of v2 are etcd 3.4's. Method: as <see cref="V2KeysTests"/>, on a pair of its own.</summary>
public sealed class V2AuthTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<V2Session> Set = new(V2AuthScenarios.All(), RandomV2AuthScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2Session.OpenAsync);
}

/// <summary>Goal: the HTTP answers that name a release or differ between releases equal etcd 3.5's, which we say we are.</summary>
public sealed class HttpTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<V2Session> Set = new(HttpScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2Session.OpenWithoutKeysAsync);
}
