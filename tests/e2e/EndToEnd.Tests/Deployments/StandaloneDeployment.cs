namespace EndToEnd.Tests.Deployments;

/// <summary>All five services in one process.</summary>
public sealed class StandaloneDeployment : ProcessDeployment
{
    private readonly string _peer = $"http://127.0.0.1:{Ports.Free(1)[0]}";

    /// <summary>More flags: a test adds its own before the start.</summary>
    public List<string> Flags { get; } = [];

    protected override Task LaunchAsync()
    {
        var urls = $"{Client.ToString().TrimEnd('/')},{OldClient.ToString().TrimEnd('/')}";
        Add("dotnet", [
            Repository.Assembly("Standalone"), "--name", "infra0", "--data-dir", Path.Combine(Folder, "data"),
            "--listen-client-urls", urls, "--advertise-client-urls", urls,
            "--listen-peer-urls", _peer, "--initial-advertise-peer-urls", _peer, "--initial-cluster", $"infra0={_peer}",
            .. Flags,
        ]);
        return Task.CompletedTask;
    }
}
