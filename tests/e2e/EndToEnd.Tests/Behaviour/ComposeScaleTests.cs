namespace EndToEnd.Tests.Behaviour;

/// <summary>
/// Goal: services get more copies by one option of the command that starts them: watches spread over the hubs (the fixture runs three), and a storage replica that is added
/// holds everything and serves alone.
/// </summary>
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

    [DeploymentFact]
    public async Task Storage_SecondReplicaAdded_HoldsEverythingAndServesAloneWhenTheFirstIsKilled()
    {
        var deployment = (ComposeDeployment)fixture.Deployment;
        var ctl = new Etcdctl(deployment.Client);
        var prefix = $"e2e/{Guid.NewGuid():n}/";
        for (var key = 0; key < 20; key++)
            await ctl.OutputAsync("put", $"{prefix}{key:d2}", $"before {key}");
        try
        {
            await deployment.ScaleStorageAsync(2);
            await deployment.KillAsync("storage", 1);
            var read = await ctl.OutputAsync("get", "--prefix", prefix, "--print-value-only");
            Assert.Equal(Enumerable.Range(0, 20).Select(static key => $"before {key}"), read.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await ctl.OutputAsync("put", prefix + "after", "1");
            Assert.Equal("1", (await ctl.OutputAsync("get", prefix + "after", "--print-value-only")).Trim());
        }
        finally
        {
            await deployment.ScaleStorageAsync(2);
        }
        // The first replica is back with its data; the second goes.
        await deployment.ScaleStorageAsync(1);
        Assert.Equal("1", (await ctl.OutputAsync("get", prefix + "after", "--print-value-only")).Trim());
        await ctl.OutputAsync("put", prefix + "after", "2");
    }
}
