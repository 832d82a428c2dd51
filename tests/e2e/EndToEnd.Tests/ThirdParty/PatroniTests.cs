namespace EndToEnd.Tests.ThirdParty;

/// <summary>
/// Goal: Patroni with PostgreSQL fails over on this store, by v3 (JSON gateway) and by v2. Method: two servers for each; the primary and its Patroni are killed, so that only the end of its lease
/// in the store tells the other; then it comes back as replica.
/// </summary>
[Collection(StandaloneTests.Name), Needs(Tool.Patroni)]
public sealed class PatroniTests(StandaloneFixture fixture) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public Task PrimaryKilled_ReplicaTakesOverAndTheFirstComesBack() =>
        // Both at once: each waits for the same time to pass.
        Task.WhenAll(FailOverAsync("etcd3"), FailOverAsync("etcd"));

    private async Task FailOverAsync(string section)
    {
        var store = (section, fixture.Deployment.Client);
        var scope = $"{section}-{Guid.NewGuid():N}";
        await using var first = Node("first");
        await using var second = Node("second");
        await first.StartAsync();
        await first.BecomesAsync("primary", s_patience);
        await second.StartAsync();
        await second.BecomesAsync("replica", s_patience);
        await first.SqlAsync("create table t as select 1 as n");
        await second.AnswersAsync("select count(*) from t", "1", s_patience);

        await first.KillAsync();
        await second.BecomesAsync("primary", s_patience);
        // Patroni says so when it has the key; the server is promoted then.
        await second.AnswersAsync("select pg_is_in_recovery()", "f", s_patience);
        Assert.Equal("1", await second.SqlAsync("with one as (insert into t values (2) returning n) select count(*) from t where n = 1"));
        await first.StartAsync();
        await first.BecomesAsync("replica", s_patience);
        await first.AnswersAsync("select count(*) from t", "2", s_patience);

        PatroniNode Node(string name)
        {
            var folder = _folder.Sub($"{section}-{name}");
            Directory.CreateDirectory(folder);
            return new PatroniNode(name, store, scope, folder);
        }
    }
}
