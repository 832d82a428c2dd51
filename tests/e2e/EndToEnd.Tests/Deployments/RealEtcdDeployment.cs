namespace EndToEnd.Tests.Deployments;

/// <summary>etcd itself: shows that the tests ask for what etcd does.</summary>
public sealed class RealEtcdDeployment : ProcessDeployment
{
    private readonly int _peerPort = Ports.Free(1)[0];

    protected override Task LaunchAsync()
    {
        var (urls, peer) = ($"{Client.ToString().TrimEnd('/')},{OldClient.ToString().TrimEnd('/')}", $"http://127.0.0.1:{_peerPort}");
        Add(Toolbox.Etcd, [
            "--name", "infra0", "--data-dir", Path.Combine(Folder, "data"), "--enable-v2",
            "--listen-client-urls", urls, "--advertise-client-urls", urls,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"infra0={peer}",
        ]);
        return Task.CompletedTask;
    }

    // How it stops is not what is tested, and with a stream open somewhere it can take longer than anybody waits.
    protected override async Task StopAsync()
    {
        await KillAsync();
        await base.StopAsync();
    }
}
