using Chaos.Tests.Harness.Clocks;
using Chaos.Tests.Harness.Disks;
using Chaos.Tests.Harness.Network;
using Chaos.Tests.Harness.Programs;

namespace Chaos.Tests.Harness;

/// <summary>A cluster of processes on loopback whose members, network, disks and clocks a test can harm.</summary>
public sealed class ChaosCluster : IAsyncDisposable
{
    public static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan LeaderDeadline = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly List<Member> _members = [];
    private readonly List<LoopDisk> _disks = [];
    private readonly List<MemberLaunch> _launches = [];

    private readonly ClusterProgram _program;

    private ChaosCluster(ClusterProgram program, int members)
    {
        _program = program;
        Network = new PeerNetwork(members);
        Beside = new ProcessGroup(() => program.ProcessesBeside(_launches));
    }

    public IReadOnlyList<Member> Members => _members;

    public PeerNetwork Network { get; }

    /// <summary>The network between the services of one that runs each as a process.</summary>
    public PeerNetwork ServiceNetwork => ((SplitProgram)_program).Network;

    /// <summary>Processes of no member.</summary>
    public ProcessGroup Beside { get; }

    /// <summary>What all members wrote, for messages of tests that fail.</summary>
    public string Log => string.Concat(_members.Select(member => $"===== member {member.Number}\n{Tail(member.Log)}\n")) + Tail(Beside.Log);

    /// <summary>Starts all members and returns when each serves.</summary>
    public static async Task<ChaosCluster> StartAsync(ClusterProgram program, ClusterOptions options)
    {
        var cluster = new ChaosCluster(program, options.Members);
        try
        {
            await cluster.AddMembersAsync(program, options);
            foreach (var proxy in program.Proxies)
                proxy.Open();
            foreach (var member in cluster.Members)
                member.Start();
            cluster.Beside.Start();
            await cluster.AllHealthyAsync();
            return cluster;
        }
        catch (Exception error)
        {
            var log = cluster.Log;
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"the cluster of {program.Label} did not start:\n{log}", error);
        }
    }

    /// <summary>Waits until every member that runs says that it serves, and so does what stands beside them.</summary>
    public async Task AllHealthyAsync()
    {
        foreach (var member in _members)
        {
            await Poll.UntilAsync($"member {member.Number} to be healthy", StartDeadline, () =>
            {
                Assert.True(member.IsRunning, $"member {member.Number} ended:\n{Tail(member.Log)}");
                return member.IsHealthyAsync();
            });
        }
        await Poll.UntilAsync("the services beside the members to be ready", StartDeadline, Beside.AreReadyAsync);
    }

    /// <summary>The member that says of itself that it leads, in the highest term; waits for one.</summary>
    public Task<Member> LeaderAsync(Member? otherThan = null) => Poll.UntilAsync("a leader", LeaderDeadline, async () =>
    {
        var answers = await Task.WhenAll(_members.Where(m => m != otherThan).Select(async member => (Member: member, Status: await member.StatusAsync())));
        return answers.Where(a => a.Status is { } status && status.Leader == status.Header.MemberId)
            .OrderByDescending(a => a.Status!.RaftTerm).Select(a => a.Member).FirstOrDefault();
    });

    public IEnumerable<Member> AllBut(Member member) => _members.Where(m => m != member);

    public async ValueTask DisposeAsync()
    {
        Network.Heal();
        foreach (var member in _members)
            await member.DisposeAsync();
        await Beside.DisposeAsync();
        foreach (var member in _members)
            await member.Proxy.DisposeAsync();
        foreach (var proxy in _program.Proxies)
            await proxy.DisposeAsync();
        foreach (var disk in _disks)
            await disk.DisposeAsync();
        _folder.Dispose();
    }

    private async Task AddMembersAsync(ClusterProgram program, ClusterOptions options)
    {
        var ports = Ports.Free(options.Members * 3);
        int Client(int n) => ports[n * 3];
        int Peer(int n) => ports[(n * 3) + 1];
        int Proxy(int n) => ports[(n * 3) + 2];
        var all = string.Join(',', Enumerable.Range(0, options.Members).Select(n => $"m{n}={Url(Proxy(n))}"));
        for (var n = 0; n < options.Members; n++)
        {
            var disk = options.OwnDisks ? await LoopDisk.CreateAsync() : null;
            if (disk is not null)
                _disks.Add(disk);
            var clock = options.OwnClocks ? new FakeClock(_folder.Sub($"clock{n}")) : null;
            var launch = new MemberLaunch(
                $"m{n}", Path.Combine(disk?.Path ?? _folder.Sub($"m{n}"), "data"), Url(Client(n)), Url(Peer(n)), Url(Proxy(n)), all,
                (clock?.Environment ?? new Dictionary<string, string?>()).Concat(options.Variables).ToDictionary());
            _launches.Add(launch);
            Directory.CreateDirectory(Path.GetDirectoryName(launch.DataFolder)!);
            var proxy = new PeerProxy(n, Proxy(n), Peer(n), Network, () => [.. _members.Select(member => member.ProcessIds)]);
            _members.Add(new Member(n, program, launch, proxy, disk, clock));
        }
    }

    private static string Url(int port) => $"http://127.0.0.1:{port}";

    private static string Tail(string log) => log.Length <= 10_000 ? log : "..." + log[^10_000..];
}
