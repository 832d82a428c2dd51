using System.Net;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: a v2 data set moves between real etcd 3.4 and ours, either way, while it is in use. Method: a tree with directories, times to live and in-order keys; both sides' lists compared after
/// the copy and after changes.
/// </summary>
[Needs(Tool.Etcd34)]
public sealed class MirrorTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public Task Mirror_RealEtcdToOurs_CopiesAndFollows() => MirrorAsync(Snapshots.ServerKind.Etcd34, Snapshots.ServerKind.Ours);

    [DeploymentFact]
    public Task Mirror_OursToRealEtcd_CopiesAndFollows() => MirrorAsync(Snapshots.ServerKind.Ours, Snapshots.ServerKind.Etcd34);

    [DeploymentFact]
    public async Task Mirror_ThatMissedMoreThanTheSourceRemembers_CopiesAgainAndRemovesWhatIsGone()
    {
        await using var sourceServer = await StartAsync(Snapshots.ServerKind.Etcd34, "source");
        await using var targetServer = await StartAsync(Snapshots.ServerKind.Ours, "target");
        using var source = new V2Client(sourceServer.Client);
        using var target = new V2Client(targetServer.Client);
        await source.PutAsync("v2/keys/dir/goes", ("value", "1"));
        await source.PutAsync("v2/keys/dir/sub/goes", ("value", "2"));
        await source.PutAsync("v2/keys/stays", ("value", "3"));
        await using var mirror = ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), "mirror-v2", "--from", Url(sourceServer), "--to", Url(targetServer)]);
        Assert.StartsWith("copied 5 keys and directories as of index ", await mirror.ReadLineAsync(s_patience), StringComparison.Ordinal);
        await target.PutAsync("v2/keys/own", ("value", "of the target"));

        mirror.Freeze();
        await source.DeleteAsync("v2/keys/dir?recursive=true");
        // A thousand events are remembered.
        await Parallel.ForEachAsync(Enumerable.Range(0, 1100), async (n, _) => await source.PutAsync("v2/keys/stays", ("value", $"{n}")));
        mirror.Thaw();
        Assert.StartsWith("copied 1 keys and directories as of index ", await mirror.ReadLineAsync(s_patience), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await target.DeleteAsync("v2/keys/own")).Status);
        Assert.Equal(await V2Trees.TreeAsync(source), await V2Trees.TreeAsync(target));
    }

    private async Task MirrorAsync(Snapshots.ServerKind from, Snapshots.ServerKind to)
    {
        await using var sourceServer = await StartAsync(from, "source");
        await using var targetServer = await StartAsync(to, "target");
        using var source = new V2Client(sourceServer.Client);
        using var target = new V2Client(targetServer.Client);
        foreach (var (key, value) in new[] { ("z", "first"), ("dir/b", "1"), ("dir/a", "2"), ("dir/sub/é ü+%?#", "<&>"), ("empty", "") })
            await source.PutAsync($"v2/keys/{Uri.EscapeDataString(key).Replace("%2F", "/", StringComparison.Ordinal)}", ("value", value));
        await source.PutAsync("v2/keys/hollow", ("dir", "true"));
        await source.PutAsync("v2/keys/hollow-for-a-time", ("dir", "true"), ("ttl", "600"));
        await source.PutAsync("v2/keys/ends", ("value", "soon"), ("ttl", "600"));
        for (var n = 0; n < 3; n++)
            await source.PostAsync("v2/keys/queue", ("value", $"job {n}"));
        // In the way, and not.
        await target.PutAsync("v2/keys/z/was/a/directory", ("value", "y"));
        await target.PutAsync("v2/keys/dir/own", ("value", "stays"));

        await using var mirror = ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), "mirror-v2", "--from", Url(sourceServer), "--to", Url(targetServer)]);
        Assert.StartsWith("copied 14 keys and directories as of index ", await mirror.ReadLineAsync(s_patience), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await target.DeleteAsync("v2/keys/dir/own")).Status);
        Assert.Equal(await V2Trees.TreeAsync(source), await V2Trees.TreeAsync(target));
        Assert.Equal(await V2Trees.CreationOrderAsync(source), await V2Trees.CreationOrderAsync(target));

        await source.PutAsync("v2/keys/dir/a", ("value", "3"), ("prevValue", "2"));
        await source.DeleteAsync("v2/keys/dir/sub?recursive=true");
        await source.PutAsync("v2/keys/z", ("dir", "true"));
        await source.PutAsync("v2/keys/z/file", ("value", "below what was a file"));
        await source.PutAsync("v2/keys/ends", ("value", "never"));
        await source.PostAsync("v2/keys/queue", ("value", "job 3"));
        // No watcher hears of a renewal.
        await source.PutAsync("v2/keys/renewed", ("value", "x"), ("ttl", "3"));
        await source.PutAsync("v2/keys/renewed", ("refresh", "true"), ("ttl", "600"), ("prevExist", "true"));
        var last = await source.PutAsync("v2/keys/last", ("value", "of all"), ("ttl", "1"));
        await source.StartWaitAsync($"v2/keys/last?wait=true&waitIndex={last.Index + 1}").Unwrap();
        await Poll.UntilAsync("the target to be as the source", s_patience, async () => await V2Trees.TreeAsync(source) == await V2Trees.TreeAsync(target));
        await Poll.UntilAsync("the renewal", s_patience, async () =>
            (await target.GetAsync("v2/keys/renewed")).Body.TryGetProperty("node", out var node) && node.GetProperty("ttl").GetInt32() > 500);
        Assert.Equal(await V2Trees.CreationOrderAsync(source), await V2Trees.CreationOrderAsync(target));

        await using var part = ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), "mirror-v2", "--from", Url(sourceServer), "--to", Url(targetServer), "--prefix", "queue", "--dest-prefix", "/a/copy/", "--once"]);
        Assert.Equal((0, 0), (await part.WaitForExitAsync(s_patience), part.Err.Length));
        Assert.Equal(
            (await V2Trees.TreeAsync(source, "queue")).Replace("/queue", "/a/copy", StringComparison.Ordinal), await V2Trees.TreeAsync(target, "a/copy"));

        mirror.Terminate();
        Assert.Equal(0, await mirror.WaitForExitAsync(s_patience));
        Assert.Contains("stopped at index ", mirror.Out, StringComparison.Ordinal);
    }

    private async Task<Snapshots.Server> StartAsync(Snapshots.ServerKind kind, string label)
    {
        var member = Snapshots.Member.Make(_folder, label)[0];
        return kind == Snapshots.ServerKind.Ours ? await Snapshots.Server.StartAsync(kind, member) : await Snapshots.Server.StartAsync(kind, member, "new", "--enable-v2");
    }

    private static string Url(Snapshots.Server server) => server.Client.ToString();
}
