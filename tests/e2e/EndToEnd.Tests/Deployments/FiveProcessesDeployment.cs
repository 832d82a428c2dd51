namespace EndToEnd.Tests.Deployments;

/// <summary>The five services as five processes on loopback, over their gRPC bindings: what the containers run, without containers.</summary>
public sealed class FiveProcessesDeployment : ProcessDeployment
{
    private static readonly string[] s_services = ["Consensus", "Storage", "WatchHub", "LeaseManager", "ApiGateway"];

    private readonly int[] _ports = Ports.Free(10);

    /// <summary>Where a service tells of its health and metrics.</summary>
    public Uri Health(string service) => new(Address(Array.IndexOf(s_services, service) + 5) + "/");

    protected override Task LaunchAsync()
    {
        var urls = $"{Client.ToString().TrimEnd('/')},{OldClient.ToString().TrimEnd('/')}";
        StartService("Consensus", 0, [
            "--Consensus:DataDir", Path.Combine(Folder, "consensus"), "--Consensus:Name", "infra0", "--Consensus:AdvertiseClientUrls", urls,
        ]);
        StartService("Storage", 1, ["--Storage:DataDir", Path.Combine(Folder, "storage"), "--Storage:ReplicaName", "storage"]);
        StartService("WatchHub", 2, []);
        StartService("LeaseManager", 3, []);
        StartService("ApiGateway", 4, ["--Gateway:ListenClientUrls", urls]);
        return Task.CompletedTask;
    }

    private void StartService(string service, int number, string[] own) =>
        Add("dotnet", [
            Repository.Assembly(service + ".Host"), "--Listen", Address(number), "--HealthListen", Address(number + 5),
            "--Services:Consensus", Address(0), "--Services:Storage", Address(1), "--Services:WatchHub", Address(2),
            "--Services:LeaseManager", Address(3), .. own,
        ]);

    private string Address(int number) => $"http://127.0.0.1:{_ports[number]}";
}
