using Chaos.Tests.Harness.Network;

namespace Chaos.Tests.Harness.Programs;

/// <summary>
/// Each service a process of its own: a member is a consensus member, a storage replica and a gateway; two watch hubs and the lease managers stand beside the
/// members.
/// </summary>
/// <remarks>
/// Services reach the consensus of other members by the proxies, so that a member that is cut off is cut off from all of the log. Gateways reach hubs, and hubs storage, by proxies of
/// their own network, <see cref="Network"/>; what else there is to be reached is reached at once.
/// </remarks>
public sealed class SplitProgram : ClusterProgram
{
    public const string Consensus = "consensus", Storage = "storage", Gateway = "gateway", LeaseManager = "lease-manager", SecondManager = "lease-manager2";

    private const int MaxMembers = 7;

    // Of storage, hubs, the lease managers; then where consensus, storage, hubs and the lease managers tell their health.
    private readonly int[] _ports = Ports.Free((3 * MaxMembers) + (2 * (Hubs.Count + 1)) + 2);

    // What gateways take for each hub; then what each hub takes for each storage replica.
    private readonly int[] _proxyPorts = Ports.Free(Hubs.Count * (1 + MaxMembers));
    private readonly List<PeerProxy> _proxies = [];

    public SplitProgram()
    {
        for (var hub = 0; hub < Hubs.Count; hub++)
        {
            _proxies.Add(new PeerProxy(OfHub(hub), _proxyPorts[hub], _ports[MaxMembers + hub], Network, OfGateways));
            for (var member = 0; member < MaxMembers; member++)
                _proxies.Add(new PeerProxy(OfStorage(member), _proxyPorts[StorageProxy(hub, member)], _ports[member], Network, OfHub(hub)));
        }
    }

    /// <summary>All gateways, as one, in <see cref="Network"/>.</summary>
    public static int OfGateways => 0;

    /// <summary>Between gateways, hubs and storage.</summary>
    public PeerNetwork Network { get; } = new(1 + Hubs.Count + MaxMembers);

    internal override IReadOnlyList<PeerProxy> Proxies => _proxies;

    /// <summary>Roles of the hubs.</summary>
    public static IReadOnlyList<string> Hubs { get; } = ["hub0", "hub1"];

    /// <summary>A second lease manager, with the role <see cref="SecondManager"/>, stands by.</summary>
    public bool HasSecondManager { get; init; }

    /// <summary>Where each lease manager serves, by its role.</summary>
    public IReadOnlyDictionary<string, string> ManagerUrls => new Dictionary<string, string> { [LeaseManager] = LeaseManagerUrl, [SecondManager] = SecondManagerUrl };

    /// <summary>A hub in <see cref="Network"/>.</summary>
    public static int OfHub(int hub) => 1 + hub;

    /// <summary>A member's storage in <see cref="Network"/>.</summary>
    public static int OfStorage(int member) => 1 + Hubs.Count + member;

    public override string Label => "split";

    public override bool HidesFailover => true;

    public override IReadOnlyList<ProcessLaunch> ProcessesOf(MemberLaunch member)
    {
        var peers = member.InitialCluster.Split(',').Select(entry => entry.Split('=')).ToDictionary(entry => entry[0], entry => entry[1]);
        var names = peers.Keys.ToList();
        var self = names.IndexOf(member.Name);
        // Its own first.
        var order = Enumerable.Range(0, names.Count).Select(n => (self + n) % names.Count).ToList();
        string[] services =
        [
            "--Services:Consensus", string.Join(',', order.Select(n => n == self ? member.ListenPeerUrl : peers[names[n]])),
            "--Services:Storage", string.Join(',', order.Select(StorageUrl)), .. Beside,
        ];
        return
        [
            Service(Consensus, "Consensus", ConsensusHealth(self), member.Environment, [
                "--Listen", member.ListenPeerUrl, "--Consensus:Name", member.Name, "--Consensus:DataDir", Path.Combine(member.DataFolder, Consensus),
                "--Consensus:PeerUrls", member.AdvertisePeerUrl, "--Consensus:InitialCluster", member.InitialCluster, "--Consensus:Token", "chaos",
                "--Consensus:AdvertiseClientUrls", member.ClientUrl, "--Consensus:DurableReplicas", "2",
            ]),
            Service(Storage, "Storage", StorageHealth(self), member.Environment, [
                "--Listen", StorageUrl(self), "--Storage:DataDir", Path.Combine(member.DataFolder, Storage), "--Storage:ReplicaName", member.Name,
                "--Storage:Peers", string.Join(',', order.Select(StorageUrl)), .. services,
            ]),
            Service(Gateway, "ApiGateway", null, member.Environment, [
                "--Listen", "", "--Gateway:ListenClientUrls", member.ClientUrl, "--Gateway:Member", member.Name, .. services,
            ]),
        ];
    }

    public override IReadOnlyList<ProcessLaunch> ProcessesBeside(IReadOnlyList<MemberLaunch> members)
    {
        string[] consensus = ["--Services:Consensus", string.Join(',', members.Select(member => member.ListenPeerUrl))];
        string[] services = [.. consensus, "--Services:Storage", string.Join(',', members.Select((_, n) => StorageUrl(n)))];
        string[] Storages(int hub) => ["--Services:Storage", string.Join(',', members.Select((_, n) => Url(_proxyPorts[StorageProxy(hub, n)])))];
        var nothing = new Dictionary<string, string?>();
        return
        [
            .. Hubs.Select((role, n) => Service(role, "WatchHub", HealthBeside(n), nothing, ["--Listen", HubUrl(n), .. consensus, .. Storages(n)])),
            Service(LeaseManager, "LeaseManager", HealthBeside(Hubs.Count), nothing, ["--Listen", LeaseManagerUrl, .. services]),
            .. HasSecondManager
                ? (ProcessLaunch[])[Service(SecondManager, "LeaseManager", Url(_ports[^1]), nothing, ["--Listen", SecondManagerUrl, .. services])]
                : [],
        ];
    }

    private string[] Beside =>
        ["--Services:WatchHub", string.Join(',', Hubs.Select((_, n) => Url(_proxyPorts[n]))), "--Services:LeaseManager", HasSecondManager ? $"{LeaseManagerUrl},{SecondManagerUrl}" : LeaseManagerUrl];

    private static int StorageProxy(int hub, int member) => Hubs.Count + (hub * MaxMembers) + member;

    private string LeaseManagerUrl => Url(_ports[MaxMembers + Hubs.Count]);

    private string SecondManagerUrl => Url(_ports[^2]);

    private string StorageUrl(int member) => Url(_ports[member]);

    private string HubUrl(int hub) => Url(_ports[MaxMembers + hub]);

    private string ConsensusHealth(int member) => Url(_ports[MaxMembers + Hubs.Count + 1 + member]);

    private string StorageHealth(int member) => Url(_ports[(2 * MaxMembers) + Hubs.Count + 1 + member]);

    private string HealthBeside(int number) => Url(_ports[(3 * MaxMembers) + Hubs.Count + 1 + number]);

    private static string Url(int port) => $"http://127.0.0.1:{port}";

    private static ProcessLaunch Service(
        string role, string project, string? health, IReadOnlyDictionary<string, string?> environment, string[] arguments) =>
        new(
            role, "dotnet", [Repository.Assembly(project + ".Host"), .. arguments, .. health is null ? [] : (string[])["--HealthListen", health]], environment,
            health is null ? null : new Uri(health + "/healthz"));
}
