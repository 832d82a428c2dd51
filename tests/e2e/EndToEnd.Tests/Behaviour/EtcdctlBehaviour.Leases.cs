namespace EndToEnd.Tests.Behaviour;

public abstract partial class EtcdctlBehaviour
{
    [DeploymentFact]
    public async Task Lease_GrantKeepAliveRevoke_GovernsItsKey()
    {
        var key = Prefix() + "key";
        var id = await GrantAsync(60);
        await Ctl.OutputAsync("put", key, "leased", "--lease", id);
        Assert.Contains(id, await Ctl.OutputAsync("lease", "list"), StringComparison.Ordinal);
        Assert.Contains($"attached keys([{key}])", await Ctl.OutputAsync("lease", "timetolive", id, "--keys"), StringComparison.Ordinal);
        Assert.Equal($"lease {id} keepalived with TTL(60)", await Ctl.OutputAsync("lease", "keep-alive", id, "--once"));
        Assert.Equal($"lease {id} revoked", await Ctl.OutputAsync("lease", "revoke", id));
        Assert.Equal("", await Ctl.OutputAsync("get", key));
        Assert.Equal($"lease {id} already expired", await Ctl.OutputAsync("lease", "timetolive", id));
    }

    [DeploymentFact]
    public async Task Lease_NotKeptAlive_EndsWithItsKeyButNotEarly()
    {
        var key = Prefix() + "key";
        const int ttlSeconds = 6; // Longer than two runs of etcdctl take.
        var granted = System.Diagnostics.Stopwatch.StartNew();
        var id = await GrantAsync(ttlSeconds);
        await Ctl.OutputAsync("put", key, "leased", "--lease", id);
        var revision = await RevisionAsync(key) + 1;
        await using var watch = Ctl.Start("watch", key, "--rev", revision.ToString());
        Assert.Equal("DELETE", await watch.ReadLineAsync(TimeSpan.FromSeconds(ttlSeconds + 15)));
        Assert.True(granted.Elapsed >= TimeSpan.FromSeconds(ttlSeconds), $"ended after {granted.Elapsed} only (I7)");
        Assert.Equal("", await Ctl.OutputAsync("get", key));
    }

    [DeploymentFact]
    public async Task Lease_Unknown_IsNotFound()
    {
        var put = await Ctl.RunAsync(["put", Prefix() + "key", "x", "--lease", "7fffffffffffff01"]);
        Assert.Equal(1, put.ExitCode);
        Assert.Contains("etcdserver: requested lease not found", put.Err, StringComparison.Ordinal);
    }

    [DeploymentFact]
    public async Task Lock_TwoHolders_TakeTurns()
    {
        var name = Prefix() + "lock";
        await using var first = Ctl.Start("lock", name);
        var firstKey = await first.ReadLineAsync();
        await using var second = Ctl.Start("lock", name);
        // The second waits as soon as its own key stands in the queue.
        await Poll.UntilAsync("the second in the queue", TimeSpan.FromSeconds(15), async () =>
            (await Ctl.OutputAsync("get", name + "/", "--prefix", "--keys-only")).Split('\n').Count(line => line.Length > 0) == 2);
        Assert.Equal("", second.Out);
        first.Interrupt();
        await first.WaitForExitAsync();
        Assert.NotEqual(firstKey, await second.ReadLineAsync());
        second.Interrupt();
        await second.WaitForExitAsync();
    }

    [DeploymentFact]
    public async Task Elect_Listener_HearsOfTheLeader()
    {
        var name = Prefix() + "election";
        await using var leader = Ctl.Start("elect", name, "candidate");
        var key = await leader.ReadLineAsync();
        Assert.Equal("candidate", await leader.ReadLineAsync());
        await using var listener = Ctl.Start("elect", "--listen", name);
        Assert.Equal(key, await listener.ReadLineAsync());
        Assert.Equal("candidate", await listener.ReadLineAsync());
        leader.Interrupt();
        await leader.WaitForExitAsync();
    }

    private async Task<string> GrantAsync(int ttlSeconds) => (await Ctl.OutputAsync("lease", "grant", ttlSeconds.ToString())).Split(' ')[1];
}
