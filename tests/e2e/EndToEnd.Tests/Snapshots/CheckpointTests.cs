using System.Diagnostics;
using System.Text.Json;

namespace EndToEnd.Tests.Snapshots;

/// <summary>
/// Goal: what was left of a lease outlives all processes, and goes along in a snapshot, to etcd and back; a keep-alive after that gives the whole TTL, and so does a restart after
/// it (I7). Method: five processes that checkpoint every second, killed all at once; etcd with its options for checkpoints; what is left as etcdctl tells it.
/// </summary>
[Needs(Tool.Etcdctl, Tool.Etcd, Tool.Etcdutl)]
public sealed class CheckpointTests
{
    private const int TtlSeconds = 100;

    // More than passes unseen: a server that gives the whole TTL again would show it.
    private const int GoneSeconds = 4;

    [DeploymentFact]
    public async Task Checkpoint_AllKilledAndRestoredThereAndHere_LeaseHasWhatWasLeft()
    {
        using var folder = new TempFolder();
        var first = folder.Sub("first.db");
        await using var here = new FiveProcessesDeployment { Environment = { ["LeaseManager__CheckpointInterval"] = "1s" } };
        await here.StartAsync();
        var etcdctl = new Etcdctl(here.Client);
        var granted = Stopwatch.StartNew();
        var lease = (await etcdctl.OutputAsync("lease", "grant", $"{TtlSeconds}")).Split(' ')[1];
        await etcdctl.OutputAsync("put", $"--lease={lease}", "k", "v");
        await NotedAsync(here.Client, etcdctl, lease);
        await etcdctl.OutputAsync("snapshot", "save", first);
        await here.KillAsync();
        var atMost = TtlSeconds - GoneSeconds;
        var atLeast = TtlSeconds - (int)granted.Elapsed.TotalSeconds - 1;

        await here.StartAsync();
        var started = Stopwatch.StartNew();
        AssertLeft(await LeftAsync(etcdctl, lease), started);

        var there = Member.Make(folder, "etcd")[0];
        var second = folder.Sub("second.db");
        await Commands.RestoreAsync(ServerKind.Etcd, first, there);
        started.Restart();
        await using (var etcd = await Server.StartAsync(
            ServerKind.Etcd, there, "new", "--experimental-enable-lease-checkpoint=true", "--experimental-enable-lease-checkpoint-persist=true"))
        {
            AssertLeft(await LeftAsync(etcd.Etcdctl, lease), started);
            await etcd.Etcdctl.OutputAsync("snapshot", "save", second);
        }

        var back = Member.Make(folder, "back")[0];
        await Commands.RestoreAsync(ServerKind.Ours, second, back);
        started.Restart();
        var kept = new Stopwatch();
        await using (var again = await Server.StartAsync(ServerKind.Ours, back))
        {
            AssertLeft(await LeftAsync(again.Etcdctl, lease), started);
            // What was noted is wrong from here on, whoever serves.
            kept.Start();
            Assert.Equal($"lease {lease} keepalived with TTL({TtlSeconds})", await again.Etcdctl.OutputAsync("lease", "keep-alive", lease, "--once"));
        }
        await using var killed = await Server.StartAsync(ServerKind.Ours, back);
        Assert.InRange(await LeftAsync(killed.Etcdctl, lease), TtlSeconds - (int)kept.Elapsed.TotalSeconds - 1, TtlSeconds);

        // Time passes for a server from its start on only.
        void AssertLeft(long seconds, Stopwatch since) => Assert.InRange(seconds, atLeast - (int)since.Elapsed.TotalSeconds - 1, atMost);
    }

    // Once so much is gone, what comes into the log is checkpoints: the second of them was made after that.
    private static async Task NotedAsync(Uri client, Etcdctl etcdctl, string lease)
    {
        using var v3 = new V3Client(client);
        await Poll.UntilAsync("time to pass", TimeSpan.FromSeconds(30), async () => await LeftAsync(etcdctl, lease) < TtlSeconds - GoneSeconds);
        var begun = (await v3.StatusAsync()).RaftAppliedIndex;
        await Poll.UntilAsync("checkpoints", TimeSpan.FromSeconds(30), async () => (await v3.StatusAsync()).RaftAppliedIndex > begun + 1);
    }

    private static async Task<long> LeftAsync(Etcdctl etcdctl, string lease)
    {
        using var told = JsonDocument.Parse(await etcdctl.OutputAsync("lease", "timetolive", lease, "-w", "json"));
        Assert.Equal(TtlSeconds, told.RootElement.GetProperty("granted-ttl").GetInt64());
        return told.RootElement.GetProperty("ttl").GetInt64();
    }
}
