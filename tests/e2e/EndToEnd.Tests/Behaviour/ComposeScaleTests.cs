namespace EndToEnd.Tests.Behaviour;

/// <summary>Goal: watches spread over the copies of the watch hub, whose numbers nobody configures. The fixture runs three.</summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine, Tool.Etcdctl)]
public sealed class ComposeScaleTests(ComposeFixture fixture)
{
    // Logged by a hub, once for each session that a gateway opens.
    private const string SessionOpened = "watch session opened";
    private const int Watches = 12;

    [DeploymentFact]
    public async Task Watches_OverThreeHubs_SpreadAndAllHear()
    {
        var ctl = new Etcdctl(fixture.Deployment.Client);
        var key = $"e2e/{Guid.NewGuid():n}";
        using var before = System.Text.Json.JsonDocument.Parse(await ctl.OutputAsync("put", key + "/before", "x", "-w", "json"));
        var next = before.RootElement.GetProperty("header").GetProperty("revision").GetInt64() + 1;
        var watches = Enumerable.Range(0, Watches).Select(_ => ctl.Start("watch", key, "--rev", next.ToString())).ToList();
        try
        {
            await ctl.OutputAsync("put", key, "news");
            foreach (var watch in watches)
            {
                Assert.Equal("PUT", await watch.ReadLineAsync());
                Assert.Equal(key, await watch.ReadLineAsync());
                Assert.Equal("news", await watch.ReadLineAsync());
            }
        }
        finally
        {
            foreach (var watch in watches)
                await watch.DisposeAsync();
        }

        var hubs = (await ((ComposeDeployment)fixture.Deployment).LogsOfAsync("watch-hub")).Split('\n')
            .Where(line => line.Contains(SessionOpened, StringComparison.Ordinal))
            .CountBy(line => line.Split('|')[0].Trim())
            .ToDictionary();
        Assert.Equal(3, hubs.Count);
        Assert.All(hubs.Values, sessions => Assert.True(sessions >= 2, string.Join(", ", hubs)));
    }
}
