using Chaos.Tests.Harness.Clocks;
using Chaos.Tests.Harness.Disks;
using Chaos.Tests.Harness.Network;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Grpc.Core;

namespace Chaos.Tests.Harness;

/// <summary>One member of a cluster: its processes, its place in the network, its data.</summary>
public sealed class Member : IClientTarget, IAsyncDisposable
{
    private readonly ProcessGroup _processes;

    internal Member(int number, ClusterProgram program, MemberLaunch launch, PeerProxy proxy, LoopDisk? disk, FakeClock? clock)
    {
        (Number, Proxy, Disk, Clock) = (number, proxy, disk, clock);
        _processes = new ProcessGroup(() => program.ProcessesOf(launch));
        Endpoint = new Uri(launch.ClientUrl);
    }

    public int Number { get; }

    public Uri Endpoint { get; }

    /// <summary>A disk of its own, when the cluster was started with such.</summary>
    public LoopDisk? Disk { get; }

    /// <summary>A clock of its own, when the cluster was started with such.</summary>
    public FakeClock? Clock { get; }

    public bool IsFrozen { get; private set; }

    public bool IsRunning => _processes.IsRunning;

    public IReadOnlyList<int> ProcessIds => _processes.Ids;

    /// <summary>Its processes one by one: the proxy stays as it is, whatever is done to them.</summary>
    public ProcessGroup Processes => _processes;

    /// <summary>The ends of what it wrote, over all its starts: for a reader, not for a check.</summary>
    public string Log => _processes.Log;

    internal PeerProxy Proxy { get; }

    public IEtcdConnection Connect() => new OneEndpoint(Endpoint);

    /// <summary>Starts it, on the data it had.</summary>
    public void Start()
    {
        Assert.True(_processes.IsEmpty, $"member {Number} runs already");
        Proxy.Open();
        _processes.Start();
    }

    /// <summary>SIGKILL: returns when it is gone.</summary>
    public Task KillAsync() => EndAsync(process => process.Kill(), "killed");

    /// <summary>SIGTERM: returns when it has ended by itself.</summary>
    public Task TerminateAsync() => EndAsync(process => process.Terminate(), "terminated");

    /// <summary>Takes notice that it ended by itself, so that it can be started again.</summary>
    public Task BuryAsync() => EndAsync(process => process.Kill(), "ended by itself");

    public void Freeze()
    {
        IsFrozen = true;
        _processes.Signal(process => process.Freeze());
    }

    public void Thaw()
    {
        _processes.Signal(process => process.Thaw());
        IsFrozen = false;
    }

    /// <summary>True when it says that it serves: it has a leader and a linearizable read went through.</summary>
    public async Task<bool> IsHealthyAsync() => await _processes.AreReadyAsync() && await _processes.IsReadyAsync(new Uri(Endpoint, "health"));

    /// <summary>What its clock shows, to the second: every HTTP answer tells.</summary>
    public async Task<DateTimeOffset> TimeAsync()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(Endpoint, "version"));
        return answer.Headers.Date ?? throw new InvalidOperationException($"member {Number} does not tell the time");
    }

    /// <summary>Its view of the cluster; null when it gives none in time.</summary>
    public async Task<StatusResponse?> StatusAsync()
    {
        if (!IsRunning || IsFrozen)
            return null;
        using var channel = EtcdCalls.Connect(Endpoint);
        try
        {
            return await EtcdCalls.StatusAsync(channel, TimeSpan.FromSeconds(1));
        }
        catch (RpcException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _processes.DisposeAsync();
    }

    private async Task EndAsync(Action<ChildProcess> how, string word)
    {
        await _processes.EndAsync(how, word);
        await Proxy.CloseAsync();
        IsFrozen = false;
    }
}
