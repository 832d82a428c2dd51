namespace EndToEnd.Tests.Snapshots;

/// <summary>Goal: who still runs etcd 3.4 can move here. Method: a snapshot that etcdctl 3.4 saved of etcd 3.4.</summary>
[Needs(Tool.Etcdctl, Tool.Etcd34)]
public sealed class OldEtcdTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task Content_FromEtcd34_IsServedHere()
    {
        var file = _folder.Sub("file.db");
        string lease, expected;
        const long Newest = 12;
        await using (var old = await Server.StartAsync(ServerKind.Etcd34, Member.Make(_folder, "old")[0]))
        {
            lease = await Content.FillAsync(old.Etcdctl);
            expected = await Content.ShowAsync(old.Etcdctl, lease, Newest);
            var saved = await Commands.RunAsync(
                Toolbox.Etcdctl34, ["--endpoints", old.Client.ToString().TrimEnd('/'), "snapshot", "save", file]);
            Assert.True(saved.ExitCode == 0, saved.Err);
        }
        var member = Member.Make(_folder, "ours")[0];
        await Commands.RestoreAsync(ServerKind.Ours, file, member);
        await using var here = await Server.StartAsync(ServerKind.Ours, member);
        Assert.Equal(expected, await Content.ShowAsync(here.Etcdctl, lease, Newest));
    }
}
