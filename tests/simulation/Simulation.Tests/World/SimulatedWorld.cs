using Consensus.Contracts;
using Consensus.Core.Raft;
using Simulation.Checks;
using Simulation.Clients;

namespace Simulation.World;

/// <summary>
/// A cluster, its disks, network, clocks, clients and misfortunes in one thread under one seed. The same seed gives the same history. Every step is checked
/// against the <see cref="Truth"/>.
/// </summary>
internal sealed partial class SimulatedWorld
{
    /// <summary>Units of time in a tick of an undisturbed clock.</summary>
    public const int TickUnits = 100;

    private const int MaxNodes = 9;

    private readonly List<SimulatedNode> _nodes = [];
    private readonly Dictionary<MemberId, SimulatedNode> _byId = [];
    private readonly List<SimulatedClient> _clients = [];
    private readonly List<string>? _trace;
    private ulong _lastValue;
    private ulong _lastRead;
    private ulong _lastChange;
    private bool _isCalm;

    public SimulatedWorld(int seed, Profile profile, bool keepsTrace = false)
    {
        Random = new Random(seed);
        Profile = profile;
        _trace = keepsTrace ? [] : null;
        Network = new Network(Scheduler, Random) { DropRate = profile.DropRate, RepeatRate = profile.RepeatRate, MaxDelay = profile.MaxDelay };
        var initial = new ClusterConfiguration
        {
            Members = [.. Enumerable.Range(1, profile.Members).Select(i => new Member(new MemberId((ulong)i), "", [$"http://{i}"], [], IsLearner: false))],
        };
        foreach (var member in initial.Members)
            AddNode(member.Id).Create(initial);
        for (var i = 1; i <= profile.Clients; i++)
            _clients.Add(new SimulatedClient(this, (ulong)i));
    }

    public Random Random { get; }
    public Profile Profile { get; }
    public Scheduler Scheduler { get; } = new();
    public Network Network { get; }
    public Truth Truth { get; } = new();
    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>What happened, when it is kept.</summary>
    public IReadOnlyList<string> History => _trace ?? [];

    /// <summary>Everybody starts; faults happen; then they stop, and the cluster must recover.</summary>
    public void Run()
    {
        foreach (var node in _nodes)
            node.Start();
        foreach (var client in _clients)
            client.Start();
        PlanFaults();
        Scheduler.RunTo(Profile.Length);
        Recover();
    }

    public void Trace(FormattableString what) => _trace?.Add(FormattableString.Invariant($"{Scheduler.Now,7} {FormattableString.Invariant(what)}"));

    public void Send(Message message)
    {
        if (!_byId.TryGetValue(message.To, out var target))
            return;
        Network.Send(message.From, message.To, () =>
        {
            if (target.Excludes(message.From))
                target.Called(_byId[message.From]);
            else
                target.Receive(message);
        });
    }

    /// <summary>A connection is tried.</summary>
    public void Call(SimulatedNode caller, MemberId other) => Network.Send(caller.Id, other, () => _byId[other].Called(caller));

    /// <summary>A proposal on its way to the leader, on the same connections as Raft's messages.</summary>
    public void Forward(MemberId from, MemberId leader, byte[] command)
    {
        if (_byId.TryGetValue(leader, out var target))
            Network.Send(from, leader, () => target.Propose(command, isForwarded: true));
    }

    public SimulatedNode AnyNode() => _nodes[Random.Next(_nodes.Count)];

    /// <summary>Whom a client asks: anybody, and when faults have stopped a member.</summary>
    public SimulatedNode Endpoint()
    {
        if (!_isCalm)
            return AnyNode();
        var members = Truth.Configuration.Members;
        return _byId[members[Random.Next(members.Length)].Id];
    }

    public int StoreDelay() => Random.Next(_isCalm ? 5 : Profile.MaxStoreDelay);

    public int ApplyDelay() => Random.Next(_isCalm ? 5 : Profile.MaxApplyDelay);

    public ulong NextValue() => ++_lastValue;

    public ulong NextReadContext() => ++_lastRead;

    public void OnResult(SimulatedNode node, in KvMachine.Outcome outcome)
    {
        if (outcome.Command.Session > 0)
            _clients[(int)outcome.Command.Session - 1].OnResult(node, outcome);
    }

    /// <summary>Peers notice that the connection broke, or do not.</summary>
    public void OnCrashed(SimulatedNode node)
    {
        foreach (var peer in _nodes)
        {
            if (peer == node || Random.Next(4) == 0)
                continue;
            Scheduler.After(1 + Random.Next(Profile.MaxDelay), () => peer.Post(raft => raft.PeerUnreachable(node.Id)));
        }
    }

    public override string ToString() => $"{Truth.Committed} committed; {string.Join("; ", _nodes)}";

    private SimulatedNode AddNode(MemberId id)
    {
        var node = new SimulatedNode(this, id);
        _nodes.Add(node);
        _byId.Add(id, node);
        return node;
    }

    private void Recover()
    {
        Trace($"calm");
        _isCalm = true;
        Network.Heal();
        (Network.DropRate, Network.RepeatRate, Network.MaxDelay) = (0, 0, 5);
        foreach (var node in _nodes)
        {
            node.TickUnits = TickUnits;
            node.Disk.FailAt = node.Disk.CrashAt = long.MaxValue;
            node.Disk.Capacity = long.MaxValue;
            node.Start();
        }
        if (Random.Next(2) == 0)
            LoseMinority();
        foreach (var client in _clients)
            client.IsActive = false;
        RunUntil(() => Leader is { IsReadable: true, LeadTransferee.Value: 0 }, "no leader");
        Trace($"a leader: {ToString()}");
        foreach (var client in _clients)
            client.Write();
        RunUntil(() => _clients.All(client => !client.HasWriteUnderWay), "writes do not end");
        Trace($"all is written: {ToString()}");
        RunUntil(HasConverged, "members do not converge");
    }

    /// <summary>Some voters never come back: a majority is enough, of every configuration that may yet be in effect.</summary>
    private void LoseMinority()
    {
        // What is on its way, or has come and not been looked at, could bring a configuration that is in no log any more.
        Network.Forget();
        foreach (var node in _nodes)
            node.ForgetInbox();
        var current = Truth.Configuration;
        var configurations = _nodes.SelectMany(node => node.ConfigurationsFrom(Truth.ConfigurationIndex)).Append(current).ToList();
        var lost = new HashSet<MemberId>();
        // One that knows it to be in effect stays: before anybody else does, a majority of the last one is needed, too.
        var knowing = Truth.Voters(current).FirstOrDefault(voter => _byId[voter].Raft?.ConfigurationIndex >= Truth.ConfigurationIndex);
        foreach (var voter in knowing == default ? [] : Truth.Voters(current))
        {
            if (voter != knowing && Random.Next(2) == 0 && configurations.TrueForAll(each => HasMajority(Truth.Voters(each)) && (!each.IsJoint || HasMajority(each.OutgoingVoters))))
                lost.Add(voter);

            bool HasMajority(IReadOnlyCollection<MemberId> voters) => 2 * voters.Count(other => other != voter && !lost.Contains(other)) > voters.Count;
        }
        foreach (var member in lost)
            _byId[member].Lose();
    }

    private RaftNode? Leader => _nodes.Where(node => node.Raft is { Role: Role.Leader }).Select(node => node.Raft!).MaxBy(raft => raft.Term);

    private bool HasConverged() => Leader is { Configuration: { IsJoint: false } configuration }
        && configuration.Members.Select(member => _byId[member.Id]).All(node => node.IsLost || node.Machine.Applied.Value == Truth.Committed);

    private void RunUntil(Func<bool> condition, string otherwise)
    {
        // Long enough for what is on its way, a transfer that fails, a client's patience, and several elections.
        const int patience = 60 * 13 * TickUnits;
        var (applied, deadline) = (0UL, 0L);
        while (!condition())
        {
            // A long log in the smallest pieces, most of which come in the wrong order, takes its time: as long as it comes.
            var before = applied;
            applied = Math.Max(applied, _nodes.Aggregate(0UL, static (sum, node) => sum + node.Machine.Applied.Value));
            if (applied > before || deadline == 0)
                deadline = Scheduler.Now + patience;
            Check.That(Scheduler.Now < deadline, $"liveness: {otherwise} after faults stopped: {ToString()}");
            Scheduler.RunTo(Scheduler.Now + TickUnits);
        }
    }
}
