using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>
/// Members, their disks and a network in one thread under a seed. Checks election safety, log matching, leader
/// completeness, state machine safety (Raft Fig. 3) and that reads see what was committed before them, as it goes.
/// </summary>
internal sealed class Cluster
{
    private readonly Random _random;
    private readonly Defects _defects;
    private readonly List<(long Due, Message Message)> _network = [];
    private readonly Dictionary<ulong, MemberId> _leaderOfTerm = [];
    private readonly HashSet<(ulong, ulong)> _cut = [];
    private readonly Dictionary<(MemberId, ulong), LogIndex> _readsAsked = [];
    private ulong _lastRead;
    private long _now;

    private readonly int _heartbeatTicks;

    /// <param name="members">Voters to begin with.</param>
    /// <param name="seed">Of everything that is drawn.</param>
    /// <param name="defects">Wrong rules of all members.</param>
    /// <param name="heartbeatTicks">Between heartbeats; an election timeout is ten times as long.</param>
    public Cluster(int members, int seed, Defects defects = Defects.None, int heartbeatTicks = 1)
    {
        _heartbeatTicks = heartbeatTicks;
        _random = new Random(seed);
        _defects = defects;
        var initial = Configurations.Of([.. Enumerable.Range(1, members).Select(i => (ulong)i)]);
        foreach (var id in initial.Members.Select(member => member.Id))
        {
            var disk = new MemoryLog();
            disk.Bootstrap(initial);
            Members.Add(id, new SimulatedMember(id, disk));
            Start(id);
        }
    }

    /// <summary>All that ever were, removed ones and those that are down among them.</summary>
    public SortedDictionary<MemberId, SimulatedMember> Members { get; } = new(Comparer<MemberId>.Create((a, b) => a.Value.CompareTo(b.Value)));

    /// <summary>What some member said is committed, in order: must never change.</summary>
    public List<Entry> Committed { get; } = [];
    public List<ReadResult> Reads { get; } = [];
    public int Resets { get; private set; }

    public double DropRate { get; set; }
    public double RepeatRate { get; set; }
    public int MaxDelay { get; set; } = 1;

    /// <summary>How likely the oldest write of a member is done within one look at it.</summary>
    public double StoreRate { get; set; } = 1;

    public IEnumerable<RaftNode> Nodes => Members.Values.Where(member => member.Node is not null).Select(member => member.Node!);
    public RaftNode? Leader => Nodes.Where(node => node.Role == Role.Leader).MaxBy(node => node.Term);
    public RaftNode Node(MemberId id) => Members[id].Node!;
    public bool IsUp(MemberId id) => Members[id].Node is not null;

    public void Crash(MemberId id) => Members[id].Crash(_random.Next(4));

    public void Start(MemberId id) => Members[id].Start(new RaftOptions
    {
        Self = id,
        Seed = (ulong)_random.NextInt64(),
        HeartbeatTicks = _heartbeatTicks,
        ElectionTimeoutTicks = 10 * _heartbeatTicks,
        MaxAppendBytes = 24,
        MaxInflightAppends = 4,
        MaxInflightBytes = 200,
        Defects = _defects,
    });

    /// <summary>A member that is to join: it knows nothing.</summary>
    public MemberId AddJoiner()
    {
        var id = new MemberId(Members.Keys.Max(other => other.Value) + 1);
        Members.Add(id, new SimulatedMember(id, new MemoryLog()));
        Start(id);
        return id;
    }

    public void Isolate(MemberId id)
    {
        foreach (var other in Members.Keys)
        {
            _cut.Add((id.Value, other.Value));
            _cut.Add((other.Value, id.Value));
        }
    }

    public void Heal() => _cut.Clear();

    /// <summary>One tick for everybody, then what is due on the network.</summary>
    public void Step()
    {
        _now++;
        foreach (var member in Members.Values)
        {
            member.Node?.Tick();
            Work(member);
        }
        // Delays differ, so messages overtake each other.
        for (var round = 0; round < 8; round++)
        {
            var due = _network.Where(item => item.Due <= _now).ToList();
            if (due.Count == 0)
                break;
            _network.RemoveAll(item => item.Due <= _now);
            foreach (var (_, message) in due)
                Deliver(message);
        }
        Check();
    }

    public bool RunUntil(Func<bool> condition, int maxSteps = 400)
    {
        for (var i = 0; i < maxSteps; i++)
        {
            if (condition())
                return true;
            Step();
        }
        return condition();
    }

    public bool TryPropose(string command)
    {
        var leader = Leader;
        return leader is not null && leader.Propose([Bytes(command)], out _) == RaftError.None;
    }

    public bool TryRead(MemberId at)
    {
        if (Node(at).RequestRead(++_lastRead) != RaftError.None)
            return false;
        _readsAsked.Add((at, _lastRead), new((ulong)Committed.Count));
        return true;
    }

    /// <summary>Everybody up and the network whole.</summary>
    public void Recover()
    {
        Heal();
        (DropRate, RepeatRate, StoreRate) = (0, 0, 1);
        foreach (var id in Members.Keys.Where(id => !IsUp(id)).ToList())
            Start(id);
    }

    public bool HasCommitted(string command) => Committed.Any(entry => entry.Data.Span.SequenceEqual(Bytes(command).Span));

    /// <summary>True when every member of the configuration in effect knows all that is committed.</summary>
    public bool HasConverged => Leader is { Configuration: { IsJoint: false } configuration }
        && configuration.Members.All(member => Node(member.Id).CommitIndex.Value == (ulong)Committed.Count);

    /// <summary>Where everybody is, for the message of a failed test.</summary>
    public override string ToString() => $"{Committed.Count} committed; " + string.Join("; ", Members.Values.Select(member => member.Node is not { } node
        ? $"{member.Id} down"
        : $"{member.Id} {node.Role} of {node.Leader} in {node.Term}, {node.FirstIndex}..{node.CommitIndex}..{node.LastIndex} "
            + $"[{string.Join(' ', node.Configuration?.Voters() ?? [])}|{string.Join(' ', node.Configuration?.OutgoingVoters ?? [])}]@{node.ConfigurationIndex}"));

    public static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private void Deliver(in Message message)
    {
        if (_cut.Contains((message.From.Value, message.To.Value)) || Members[message.To] is not { Node: { } node } member)
            return;
        var error = node.Step(message);
        Assert.True(error is RaftError.None or RaftError.UnknownPeer, $"{message.To} refuses a message of its peer {message.From}: {error} {message.Kind}");
        Work(member);
    }

    private void Work(SimulatedMember member)
    {
        if (member.Node is not { } node)
            return;
        var idle = false;
        while (!idle)
        {
            idle = true;
            while (node.TryTakeReady(out var ready))
            {
                idle = false;
                Resets += ready.Reset is null ? 0 : 1;
                // As a leader may: its appends leave before its own disk has them.
                Send(ready.Messages);
                member.Begin(ready);
                CheckReads(member.Id, ready.Reads);
                Record(member, ready.CommitIndex);
            }
            while (member.HasUnstored && _random.NextDouble() < StoreRate)
            {
                idle = false;
                Send(member.Finish().MessagesAfterPersist);
            }
        }
    }

    private void Send(IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
        {
            if (_random.NextDouble() >= DropRate)
                _network.Add((_now + _random.Next(MaxDelay), message));
            if (_random.NextDouble() < RepeatRate)
                _network.Add((_now + _random.Next(4 * MaxDelay), message));
        }
    }

    private void CheckReads(MemberId id, IReadOnlyList<ReadResult> reads)
    {
        Reads.AddRange(reads);
        foreach (var read in reads)
        {
            if (_readsAsked.Remove((id, read.Context), out var atLeast) && read.IsConfirmed)
                Assert.True(read.Index >= atLeast, $"a read at {id} may see {read.Index} where {atLeast} was committed before it");
        }
    }

    private void Record(SimulatedMember member, LogIndex commit)
    {
        if (member.Recorded < member.View.Before)
            member.Recorded = member.View.Before;
        for (var index = member.Recorded.Next; index <= commit; index = index.Next)
        {
            var entry = member.View.At(index);
            if (index.Value > (ulong)Committed.Count)
                Committed.Add(entry);
            else
                Assert.True(Same(Committed[(int)index.Value - 1], entry), $"state machine safety: index {index} differs on {member.Id}");
        }
        member.Recorded = commit > member.Recorded ? commit : member.Recorded;
    }

    private void Check()
    {
        foreach (var node in Nodes.Where(node => node.Role == Role.Leader))
        {
            if (!_leaderOfTerm.TryAdd(node.Term.Value, node.Leader))
                Assert.True(_leaderOfTerm[node.Term.Value] == node.Leader, $"election safety: two leaders in term {node.Term}");
        }
        // The newest leader there ever was: an older one may live on, cut off, after all who know better crashed.
        if (Leader is { } leader && leader.Term.Value == _leaderOfTerm.Keys.Max())
        {
            var view = Members[leader.Leader].View;
            for (var index = view.Before.Next; index.Value <= (ulong)Committed.Count; index = index.Next)
                Assert.True(index <= view.Last && Same(view.At(index), Committed[(int)index.Value - 1]), $"leader completeness: index {index} is missing in term {leader.Term}");
        }
        // Every few steps: it compares whole logs.
        if (_now % 16 != 0)
            return;
        var views = Members.Values.Select(member => member.View).ToList();
        for (var i = 0; i < views.Count; i++)
        {
            for (var j = i + 1; j < views.Count; j++)
                CheckMatching(views[i], views[j]);
        }
    }

    private static void CheckMatching(MemoryLog one, MemoryLog two)
    {
        var agreed = false;
        var before = Math.Max(one.Before.Value, two.Before.Value);
        for (var i = Math.Min(one.Last.Value, two.Last.Value); i > before; i--)
        {
            var (first, second) = (one.At(new(i)), two.At(new(i)));
            agreed |= first.Term == second.Term;
            Assert.True(!agreed || Same(first, second), $"log matching: index {i}");
        }
    }

    private static bool Same(in Entry one, in Entry two) =>
        one.Index == two.Index && one.Term == two.Term && one.Kind == two.Kind && one.Data.Span.SequenceEqual(two.Data.Span);
}
