using Conformance.Harness;
using Conformance.V2;
using Conformance.V3;

namespace Conformance.Json;

/// <summary>Goal: the JSON gateway answers as etcd 3.5's. Method: the same requests to both; status, headers and body compared.</summary>
public sealed class JsonTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<JsonSession> Set = new(JsonScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], JsonSession.OpenAsync);
}

/// <summary>Goal: what it refuses has the form in which etcd's own releases of 3.5 refuse it. Method: as <see cref="JsonTests"/>, beside 3.4, which has that form.</summary>
public sealed class JsonFormTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<JsonSession> Set = new(JsonFormScenarios.All(), RandomJsonScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], JsonSession.OpenForFormAsync);
}
