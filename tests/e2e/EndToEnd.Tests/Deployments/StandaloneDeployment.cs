namespace EndToEnd.Tests.Deployments;

/// <summary>All five services in one process.</summary>
public sealed class StandaloneDeployment : ProcessDeployment
{
    protected override Task LaunchAsync()
    {
        var urls = $"{Client.ToString().TrimEnd('/')},{OldClient.ToString().TrimEnd('/')}";
        Add("dotnet", [
            Repository.Assembly("Standalone"), "--name", "infra0", "--data-dir", Path.Combine(Folder, "data"),
            "--listen-client-urls", urls, "--advertise-client-urls", urls,
        ]);
        return Task.CompletedTask;
    }
}
