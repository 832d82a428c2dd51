namespace EndToEnd.Tests.Behaviour;

/// <summary>
/// Goal: a storage replica that is added by one option of the command that starts all holds everything and serves alone. (Of hubs and lease managers: <see cref="ComposeScaleUnderLoadTests"/>.)
/// </summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine, Tool.Etcdctl)]
public sealed class ComposeScaleTests(ComposeFixture fixture)
{
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
            await deployment.ScaleAsync(("storage", 2));
            await deployment.KillAsync("storage", 1);
            var read = await ctl.OutputAsync("get", "--prefix", prefix, "--print-value-only");
            Assert.Equal(Enumerable.Range(0, 20).Select(static key => $"before {key}"), read.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await ctl.OutputAsync("put", prefix + "after", "1");
            Assert.Equal("1", (await ctl.OutputAsync("get", prefix + "after", "--print-value-only")).Trim());
        }
        finally
        {
            await deployment.ScaleAsync(("storage", 2));
        }
        // The first replica is back with its data; the second goes.
        await deployment.ScaleAsync(("storage", 1));
        Assert.Equal("1", (await ctl.OutputAsync("get", prefix + "after", "--print-value-only")).Trim());
        await ctl.OutputAsync("put", prefix + "after", "2");
    }
}
