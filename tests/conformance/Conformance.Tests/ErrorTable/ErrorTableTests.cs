using Conformance.Harness;
using Conformance.V3;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Conformance.ErrorTable;

/// <summary>
/// Goal: code and text of every error are etcd's. Method: each row of the table is produced on both servers, and must be the row; the rest say why they cannot be.
/// </summary>
public sealed class ErrorTableTests(V3Pair pair) : IClassFixture<V3Pair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new(
        ErrorRows.All.Where(row => row is { Produce: not null, CostsTheQuorum: false }).Select(row => new Scenario<GrpcSession>($"error/{row.Name}", async s =>
        {
            await row.Produce!(s);
            s.ExpectShown(row.Code, row.Message);
        })));

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Row_OnBothServers_IsAnswered(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>Goal: no row of the table is forgotten. Method: count them; one that is not produced says why.</summary>
public sealed class ErrorRowsTests
{
    [Fact]
    public void Rows_WithoutSteps_SayWhy() => Assert.All(ErrorRows.All, row => Assert.NotEqual(row.Produce is null && !row.IsOfUsers, row.Why.Length == 0));

    // The table has 63 rows; two more are what a 3.5 server sends in place of one of them.
    [Fact]
    public void Rows_AreTheWholeTable() => Assert.Equal(63 + 2, ErrorRows.All.Distinct().Count());
}

/// <summary>Goal: the same for what a member without a quorum answers. Method: a pair of its own, whose only member takes in one that never comes.</summary>
public sealed class ErrorsWithoutQuorumTests(QuickElectionPair pair) : IClassFixture<QuickElectionPair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new([new Scenario<GrpcSession>("error/without-quorum", async s =>
    {
        await s.LoseTheQuorumAsync();
        // All at once: most take as long as the server's patience.
        await s.AtOnceAsync(ErrorRows.All.Where(row => row.CostsTheQuorum).Select(row => row.Produce!));
        foreach (var row in ErrorRows.All.Where(row => row.CostsTheQuorum))
            s.ExpectShown(row.Code, row.Message);
    })]);

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>Goal: the same for users and roles. Method: a pair of its own, since nobody else can do anything while users have to log in.</summary>
public sealed class AuthErrorsTests(AuthPair pair) : IClassFixture<AuthPair>
{
    internal static readonly ScenarioSet<GrpcSession> Set = new([new Scenario<GrpcSession>("error/users", async s =>
    {
        await s.LogIn("root", "secret");
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        foreach (var name in (string[])["", "root", "root", "ann"])
            await s.Call(Rpc.UserAdd, new AuthUserAddRequest { Name = name, Password = "secret" });
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        await s.Call(Rpc.UserGet, new AuthUserGetRequest { Name = "nobody" });
        foreach (var name in (string[])["", "r", "r", "root"])
            await s.Call(Rpc.RoleAdd, new AuthRoleAddRequest { Name = name });
        await s.Call(Rpc.RoleGet, new AuthRoleGetRequest { Role = "missing" });
        await s.Call(Rpc.RoleGrantPermission, new AuthRoleGrantPermissionRequest { Name = "r" });
        await s.Call(Rpc.RoleRevokePermission, new AuthRoleRevokePermissionRequest { Role = "r", Key = ByteString.CopyFromUtf8("k") });
        await s.Call(Rpc.UserRevokeRole, new AuthUserRevokeRoleRequest { Name = "ann", Role = "r" });
        await s.Call(Rpc.UserGrantRole, new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        await s.Call(Rpc.AuthEnable, new AuthEnableRequest());
        await s.LogIn("root", "wrong");
        await s.Call(Rpc.Range, Messages.Get("k"), await s.LogIn("ann", "secret"));
        await s.Call(Rpc.Range, Messages.Get("k"), new Metadata { { "token", "nonsense.1" } });
        var root = await s.LogIn("root", "secret");
        await s.Call(Rpc.UserDelete, new AuthUserDeleteRequest { Name = "root" }, root);
        await AuthScenarios.CleanAsync(s, root);
        foreach (var row in ErrorRows.All.Where(row => row.IsOfUsers))
            s.ExpectShown(row.Code, row.Message);
    })]);

    public static TheoryData<string> Names => Set.AsTheory();

    [V3ScenarioTheory]
    [MemberData(nameof(Names))]
    public Task Scenario_OnBothServers_AnswersEqually(string name) => pair.CompareAsync(Set[name], GrpcSession.OpenAsync);
}

/// <summary>A pair that soon notices that it has no quorum.</summary>
public sealed class QuickElectionPair : V3Pair
{
    private protected override Func<ServerProgram> Reference =>
        static () => ServerProgram.Etcd35() with { SharedFlags = ["--heartbeat-interval", "20", "--election-timeout", "200"] };
}
