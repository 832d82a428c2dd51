using Conformance.Harness;
using Conformance.V2;

namespace Conformance.EtcdctlV2;

/// <summary>Goal: the unmodified etcdctl 3.4 with its v2 commands cannot tell the servers apart. Method: output and exit codes of each command compared.</summary>
public sealed class V2CtlKeysTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<V2CtlSession> Set = new(V2CtlKeysScenarios.All(), V2CtlWatchScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2CtlScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2CtlSession.OpenAsync);
}

/// <summary>Goal: as <see cref="V2CtlKeysTests"/>, for users, roles and members. Method: the same, on a pair of its own.</summary>
public sealed class V2CtlAdminTests(V2Pair pair) : IClassFixture<V2Pair>
{
    internal static readonly ScenarioSet<V2CtlSession> Set = new(V2CtlAdminScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V2CtlScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], V2CtlSession.OpenAsync);
}
