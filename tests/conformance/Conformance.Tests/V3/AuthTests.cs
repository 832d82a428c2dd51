using Conformance.Harness;

namespace Conformance.V3;

/// <summary>Goal: users, roles and what they may do are as in etcd. Method: as <see cref="GrpcKvTests"/>, on a pair of its own; each scenario leaves it without users.</summary>
public sealed class GrpcAuthTests(AuthPair pair) : IClassFixture<AuthPair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(AuthScenarios.All(), RandomAuthScenarios.All());

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>A pair where hashing a password costs next to nothing.</summary>
public sealed class AuthPair : V3Pair
{
    private protected override Func<ServerProgram> Reference => static () => ServerProgram.Etcd35() with { SharedFlags = ["--bcrypt-cost", "4"] };
}
