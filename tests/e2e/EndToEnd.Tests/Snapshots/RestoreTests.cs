using System.Text.Json;

namespace EndToEnd.Tests.Snapshots;

/// <summary>
/// Goal: whatever cluster is restored, it has one state, and who comes to it without has it soon. Method: snapshots of real etcd, clusters of ours of one
/// process, of three, and of a process for each service.
/// </summary>
[Needs(Tool.Etcdctl, Tool.Etcd)]
public sealed class RestoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string File => _folder.Sub("file.db");

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task ThreeMembers_OfOneFile_AgreeAndTakeInAFourth()
    {
        await SaveAsync();
        var members = Member.Make(_folder, "ours", 3);
        foreach (var member in members)
            await Commands.RestoreAsync(ServerKind.Ours, File, member);
        var servers = members.Select(static member => Server.Launch(ServerKind.Ours, member)).ToList();
        try
        {
            foreach (var server in servers)
                await server.UntilHealthyAsync();
            Assert.Equal(4, (await servers[1].Etcdctl.OutputAsync("put", "new", "1", "-w", "fields")).Split('\n').Length);
            foreach (var server in servers)
                Assert.Equal("counter\n99\nnew\n1", (await server.Etcdctl.OutputAsync("get", "--prefix", "")).Trim());
            Assert.Single(await HashesAsync(servers));

            // A new member holds nothing: the log does not reach back to the beginning, so it must take the state from another.
            var fourth = Member.Make(_folder, "fourth")[0] with { Name = "m4" };
            // As etcd: first the members must have been connected for a while.
            await Poll.UntilAsync("the cluster to take in a member", TimeSpan.FromSeconds(30), async () =>
                (await servers[0].Etcdctl.RunAsync(["member", "add", "m4", $"--peer-urls={fourth.PeerUrl}"])).ExitCode == 0);
            fourth = fourth with { InitialCluster = $"{members[0].InitialCluster},m4={fourth.PeerUrl}" };
            servers.Add(await Server.StartAsync(ServerKind.Ours, fourth, "existing"));
            Assert.Equal("counter\n99\nnew\n1", (await servers[3].Etcdctl.OutputAsync("get", "--consistency=s", "--prefix", "")).Trim());
            Assert.Equal("counter\n50", (await servers[3].Etcdctl.OutputAsync("get", "--rev=52", "counter")).Trim());
            Assert.Single(await HashesAsync(servers));
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
    }

    [DeploymentFact]
    public async Task BumpedAndMarked_OldRevisionsAreCompactedAndNewOnesAreFarAhead()
    {
        var last = await SaveAsync();
        var member = Member.Make(_folder, "ours")[0];
        await Commands.RestoreAsync(ServerKind.Ours, File, member, "--bump-revision", "1000000", "--mark-compacted");
        var bumped = last + 1_000_000;
        await using var here = await Server.StartAsync(ServerKind.Ours, member);
        using var client = new V3Client(here.Client);
        Assert.Equal(bumped, (await client.RangeAsync("counter")).Header.Revision);
        foreach (var revision in new[] { last, bumped - 1 })
        {
            var old = await here.Etcdctl.RunAsync(["get", "counter", $"--rev={revision}"]);
            Assert.Contains("required revision has been compacted", old.Err, StringComparison.Ordinal);
        }
        Assert.Equal("counter\n99", (await here.Etcdctl.OutputAsync("get", "counter", $"--rev={bumped}")).Trim());

        await using (var late = here.Etcdctl.Start("watch", "counter", $"--rev={last}"))
            Assert.NotEqual(0, await late.WaitForExitAsync());
        await using var watch = here.Etcdctl.Start("watch", "counter", $"--rev={bumped}");
        Assert.Equal(bumped + 1, (await client.PutAsync("counter", "100")).Header.Revision);
        Assert.Equal(["PUT", "counter", "100"], [await watch.ReadLineAsync(), await watch.ReadLineAsync(), await watch.ReadLineAsync()]);
    }

    [DeploymentFact]
    public async Task ProcessForEachService_RestoredByDirectories_ServesTheState()
    {
        var last = await SaveAsync();
        await using var deployment = new FiveProcessesDeployment();
        var restore = await Commands.SnapshotAsync(
            "restore", File, "--consensus-dir", Path.Combine(deployment.Folder, "consensus"), "--storage-dir", Path.Combine(deployment.Folder, "storage"),
            "--name", "infra0", "--initial-cluster", "infra0=http://localhost:2380");
        Assert.True(restore.ExitCode == 0, restore.Err);
        await deployment.StartAsync();
        var etcdctl = new Etcdctl(deployment.Client);
        Assert.Equal("counter\n99", (await etcdctl.OutputAsync("get", "counter")).Trim());
        using var client = new V3Client(deployment.Client);
        Assert.Equal(last + 1, (await client.PutAsync("more", "1")).Header.Revision);
        // And out of it: the snapshot comes from the storage process, over the wire.
        await etcdctl.OutputAsync("snapshot", "save", _folder.Sub("again.db"));
        var status = await Commands.SnapshotAsync("status", _folder.Sub("again.db"), "-w", "json");
        using var json = JsonDocument.Parse(status.Out);
        Assert.Equal(last + 1, json.RootElement.GetProperty("revision").GetInt64());
    }

    [DeploymentFact]
    public async Task Learner_OfARestoredCluster_HasTheStateAndGivesSnapshots()
    {
        var last = await SaveAsync();
        var member = Member.Make(_folder, "ours")[0];
        await Commands.RestoreAsync(ServerKind.Ours, File, member);
        await using var here = await Server.StartAsync(ServerKind.Ours, member);
        var learner = Member.Make(_folder, "learner")[0] with { Name = "m2" };
        await here.Etcdctl.OutputAsync("member", "add", "m2", "--learner", $"--peer-urls={learner.PeerUrl}");
        learner = learner with { InitialCluster = $"{member.InitialCluster},m2={learner.PeerUrl}" };
        await using var other = Server.Launch(ServerKind.Ours, learner, "existing");
        await Poll.UntilAsync("the learner to have the state", TimeSpan.FromSeconds(30), async () =>
            (await other.Etcdctl.RunAsync(["get", "--consistency=s", "counter", "--command-timeout=2s"])).Out.Trim() == "counter\n99");
        await other.Etcdctl.OutputAsync("snapshot", "save", _folder.Sub("learner.db"));
        var status = await Commands.SnapshotAsync("status", _folder.Sub("learner.db"), "-w", "json");
        using var json = JsonDocument.Parse(status.Out);
        Assert.Equal(last, json.RootElement.GetProperty("revision").GetInt64());
    }

    [DeploymentFact]
    public async Task LogWithoutItsState_NeverServesAnEmptyStore()
    {
        await SaveAsync();
        // What an interrupted restore leaves.
        var member = Member.Make(_folder, "ours")[0];
        var restore = await Commands.SnapshotAsync(
            "restore", File, "--consensus-dir", Path.Combine(member.DataDir, "consensus"), "--name", member.Name,
            "--initial-cluster", member.InitialCluster, "--initial-advertise-peer-urls", member.PeerUrl);
        Assert.True(restore.ExitCode == 0, restore.Err);
        await using var here = Server.Launch(ServerKind.Ours, member);
        await Poll.UntilAsync("the member to ask for a state", TimeSpan.FromSeconds(30), () =>
            Task.FromResult(here.Log.Contains("fetching a snapshot of at least index 2", StringComparison.Ordinal)));
        var read = await here.Etcdctl.RunAsync(["get", "counter", "--dial-timeout=1s", "--command-timeout=2s"]);
        Assert.NotEqual(0, read.ExitCode);
    }

    // One key with a hundred revisions.
    private async Task<long> SaveAsync()
    {
        await using var etcd = await Server.StartAsync(ServerKind.Etcd, Member.Make(_folder, "etcd")[0]);
        using var client = new V3Client(etcd.Client);
        long revision = 0;
        for (var i = 0; i < 100; i++)
            revision = (await client.PutAsync("counter", $"{i}")).Header.Revision;
        await etcd.Etcdctl.OutputAsync("snapshot", "save", File);
        return revision;
    }

    private static async Task<HashSet<string>> HashesAsync(IEnumerable<Server> servers)
    {
        var hashes = new HashSet<string>();
        foreach (var server in servers)
        {
            using var json = JsonDocument.Parse(await server.Etcdctl.OutputAsync("endpoint", "hashkv", "-w", "json"));
            var answer = json.RootElement[0].GetProperty("HashKV");
            hashes.Add($"{answer.GetProperty("hash").GetUInt32()} at {answer.GetProperty("header").GetProperty("revision").GetInt64()}");
        }
        return hashes;
    }
}
