namespace EndToEnd.Tests.Deployments;

/// <summary>
/// The five services as a cluster of processes on loopback: three consensus members, three storage replicas, two hubs, a lease manager, two gateways.
/// <see cref="Client"/> is the first gateway.
/// </summary>
public sealed class ClusterProcessesDeployment : ProcessDeployment
{
    private const int Replicas = 3, Hubs = 2, Gateways = 2;

    // Of consensus, storage, hubs, the lease manager, gateways: the health ports of all follow in the same order.
    private const int StorageAt = Replicas, HubAt = StorageAt + Replicas, LeaseManagerAt = HubAt + Hubs, GatewayAt = LeaseManagerAt + 1, All = GatewayAt + Gateways;

    private readonly int[] _ports = Ports.Free((2 * All) + 2);

    public override int Members => Replicas;

    /// <summary>Client URL of the second gateway.</summary>
    public Uri OtherClient => new($"http://127.0.0.1:{_ports[2 * All]}/");

    /// <summary>Second client URL of the second gateway.</summary>
    public Uri OtherOldClient => new($"http://127.0.0.1:{_ports[(2 * All) + 1]}/");

    /// <summary>Where each process tells of its health and metrics, with the name of its service.</summary>
    public IEnumerable<(string Job, Uri Address)> Health => Enumerable.Range(0, All).Select(number => (JobOf(number), new Uri(Address(All + number) + "/")));

    /// <summary>Starts another hub, which no gateway knows, with settings of its own: the caller stops it. Returns it and where it tells of its health and metrics.</summary>
    public (ChildProcess Hub, Uri Health) StartHub(params string[] own)
    {
        var ports = Ports.Free(2);
        var health = new Uri($"http://127.0.0.1:{ports[1]}/");
        return (ChildProcess.Start("dotnet", Arguments("WatchHub", $"http://127.0.0.1:{ports[0]}", health.ToString().TrimEnd('/'), 0, own), Environment, Folder), health);
    }

    private static string JobOf(int number) => number switch
    {
        < StorageAt => "consensus",
        < HubAt => "storage",
        < LeaseManagerAt => "watch-hub",
        < GatewayAt => "lease-manager",
        _ => "api-gateway",
    };

    protected override Task LaunchAsync()
    {
        string[] clients = [Urls(Client, OldClient), Urls(OtherClient, OtherOldClient)];
        var initial = string.Join(',', Enumerable.Range(0, Replicas).Select(n => $"infra{n}={Address(n)}"));
        for (var n = 0; n < Replicas; n++)
        {
            StartService("Consensus", n, n, [
                "--Consensus:DataDir", Path.Combine(Folder, $"consensus{n}"), "--Consensus:Name", $"infra{n}",
                "--Consensus:InitialCluster", initial, "--Consensus:PeerUrls", Address(n), "--Consensus:Token", "e2e",
                "--Consensus:AdvertiseClientUrls", clients[n % Gateways], "--Consensus:DurableReplicas", "2",
            ]);
        }
        for (var n = 0; n < Replicas; n++)
        {
            StartService("Storage", StorageAt + n, n, [
                "--Storage:DataDir", Path.Combine(Folder, $"storage{n}"), "--Storage:ReplicaName", $"storage{n}", "--Storage:Peers", Addresses(StorageAt, Replicas),
            ]);
        }
        for (var n = 0; n < Hubs; n++)
            StartService("WatchHub", HubAt + n, n, []);
        StartService("LeaseManager", LeaseManagerAt, 0, []);
        for (var n = 0; n < Gateways; n++)
            StartService("ApiGateway", GatewayAt + n, n, ["--Gateway:ListenClientUrls", clients[n], "--Gateway:Member", $"infra{n}", "--Gateway:Metrics", "extensive"]);
        return Task.CompletedTask;
    }

    // Each begins with another member and another replica.
    private void StartService(string service, int number, int first, string[] own) =>
        Add("dotnet", Arguments(service, Address(number), Address(All + number), first, own));

    private string[] Arguments(string service, string listen, string health, int first, string[] own) =>
    [
        Repository.Assembly(service + ".Host"), "--Listen", listen, "--HealthListen", health,
        "--Services:Consensus", Addresses(0, Replicas, first), "--Services:Storage", Addresses(StorageAt, Replicas, first),
        "--Services:WatchHub", Addresses(HubAt, Hubs), "--Services:LeaseManager", Address(LeaseManagerAt), .. own,
    ];

    private string Addresses(int from, int count, int first = 0) =>
        string.Join(',', Enumerable.Range(0, count).Select(n => Address(from + ((first + n) % count))));

    private string Address(int number) => $"http://127.0.0.1:{_ports[number]}";

    private static string Urls(Uri client, Uri old) => $"{client.ToString().TrimEnd('/')},{old.ToString().TrimEnd('/')}";
}
