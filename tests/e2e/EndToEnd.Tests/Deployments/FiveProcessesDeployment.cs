namespace EndToEnd.Tests.Deployments;

/// <summary>The five services as five processes on loopback, over their gRPC bindings: what the containers run, without containers.</summary>
public sealed class FiveProcessesDeployment : ProcessDeployment
{
    private static readonly string[] s_services = ["Consensus", "Storage", "WatchHub", "LeaseManager", "ApiGateway"];

    private readonly int[] _ports = Ports.Free(10);

    /// <summary>Where a service tells of its health and metrics.</summary>
    public Uri Health(string service) => new(Address(Array.IndexOf(s_services, service) + 5) + "/");

    /// <summary>Where a service serves the others.</summary>
    public Uri Grpc(string service) => new(Address(Array.IndexOf(s_services, service)) + "/");

    /// <summary>More settings of the gateway, in the place of those that it would have.</summary>
    public IReadOnlyList<string> GatewayArguments { get; init; } = [];

    /// <summary>The watch hub that the gateway uses.</summary>
    public ChildProcess Hub => Processes[Array.IndexOf(s_services, "WatchHub")];

    public ChildProcess Gateway => Processes[Array.IndexOf(s_services, "ApiGateway")];

    protected override Task LaunchAsync()
    {
        var urls = $"{Client.ToString().TrimEnd('/')},{OldClient.ToString().TrimEnd('/')}";
        StartService("Consensus", 0, [
            "--Consensus:DataDir", Path.Combine(Folder, "consensus"), "--Consensus:Name", "infra0", "--Consensus:AdvertiseClientUrls", urls,
        ]);
        StartService("Storage", 1, ["--Storage:DataDir", Path.Combine(Folder, "storage"), "--Storage:ReplicaName", "storage"]);
        StartService("WatchHub", 2, []);
        StartService("LeaseManager", 3, []);
        StartService("ApiGateway", 4, ["--Gateway:ListenClientUrls", urls, .. GatewayArguments]);
        return Task.CompletedTask;
    }

    /// <summary>Another watch hub, which the gateway does not know, or knows by this port.</summary>
    public ChildProcess AddHub(int? port = null)
    {
        var ports = Ports.Free(2);
        return StartService("WatchHub", $"http://127.0.0.1:{port ?? ports[0]}", $"http://127.0.0.1:{ports[1]}", []);
    }

    private ChildProcess StartService(string service, int number, string[] own) => StartService(service, Address(number), Address(number + 5), own);

    private ChildProcess StartService(string service, string listen, string health, string[] own) =>
        Add("dotnet", [
            Repository.Assembly(service + ".Host"), "--Listen", listen, "--HealthListen", health,
            "--Services:Consensus", Address(0), "--Services:Storage", Address(1), "--Services:WatchHub", Address(2),
            "--Services:LeaseManager", Address(3), .. own,
        ]);

    private string Address(int number) => $"http://127.0.0.1:{_ports[number]}";
}
