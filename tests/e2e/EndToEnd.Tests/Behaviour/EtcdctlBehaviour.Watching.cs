namespace EndToEnd.Tests.Behaviour;

public abstract partial class EtcdctlBehaviour
{
    [DeploymentFact]
    public async Task Watch_PutAndDelete_AreSeenInOrder()
    {
        var prefix = Prefix();
        await Ctl.OutputAsync("put", prefix + "a", "before");
        var start = await RevisionAsync(prefix + "a") + 1;
        // With a start revision nothing depends on whether the watch or the puts are first.
        await using var watch = Ctl.Start("watch", prefix, "--prefix", "--rev", start.ToString(), "--prev-kv");
        await Ctl.OutputAsync("put", prefix + "a", "after");
        await Ctl.OutputAsync("put", prefix + "b", "new");
        await Ctl.OutputAsync("del", prefix + "b");

        string[] expected =
        [
            "PUT", prefix + "a", "before", prefix + "a", "after",
            "PUT", prefix + "b", "new",
            "DELETE", prefix + "b", "new", prefix + "b", "",
        ];
        foreach (var line in expected)
            Assert.Equal(line, await watch.ReadLineAsync());
    }

    [DeploymentFact]
    public async Task Watch_OpenBeforeThePut_HearsOfIt()
    {
        var key = Prefix() + "key";
        await using var watch = Ctl.Start("watch", "-i");
        await watch.Input.WriteLineAsync($"watch {key}");
        await watch.Input.FlushAsync();
        // No start revision: the watch begins when the server takes it, so put until one is heard.
        var heard = watch.ReadLineAsync(TimeSpan.FromSeconds(30));
        for (var n = 0; !heard.IsCompleted; n++)
        {
            await Ctl.OutputAsync("put", key, $"live {n}");
            await Task.WhenAny(heard, Task.Delay(200));
        }
        Assert.Equal("PUT", await heard);
        Assert.Equal(key, await watch.ReadLineAsync());
        Assert.StartsWith("live ", await watch.ReadLineAsync(), StringComparison.Ordinal);
    }

    [DeploymentFact]
    public async Task Watch_FromCompactedRevision_IsToldSo()
    {
        var key = Prefix() + "key";
        await Ctl.OutputAsync("put", key, "1");
        await Ctl.OutputAsync("put", key, "2");
        await Ctl.OutputAsync("compaction", (await RevisionAsync(key)).ToString());
        var watch = await Ctl.RunAsync(["watch", key, "--rev", "1"]);
        Assert.Equal(5, watch.ExitCode);
        Assert.Contains("required revision has been compacted", watch.Err + watch.Out, StringComparison.Ordinal);
    }
}
