using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>
/// Members, their disks and a network in one thread under a seed. Checks election safety, log matching, leader
/// completeness and state machine safety (Raft Fig. 3) as it goes.
/// </summary>
internal sealed class Cluster
{
    private readonly Random _random;
    private readonly List<(long Due, Message Message)> _network = [];
    private readonly Dictionary<ulong, MemberId> _leaderOfTerm = [];
    private readonly HashSet<(ulong, ulong)> _cut = [];
    private readonly Dictionary<MemberId, int> _recorded = [];
    private long _now;

    public Cluster(int members, int seed)
    {
        _random = new Random(seed);
        Ids = [.. Enumerable.Range(1, members).Select(i => new MemberId((ulong)i))];
        foreach (var id in Ids)
        {
            Disks[id] = new MemoryLog();
            Restart(id);
        }
    }

    public MemberId[] Ids { get; }
    public Dictionary<MemberId, RaftNode> Nodes { get; } = [];
    public Dictionary<MemberId, MemoryLog> Disks { get; } = [];

    /// <summary>What some member said is committed, in order: must never change.</summary>
    public List<Entry> Committed { get; } = [];
    public List<ReadResult> Reads { get; } = [];

    public double DropRate { get; set; }
    public int MaxDelay { get; set; } = 1;

    public RaftNode? Leader => Nodes.Values.Where(node => node.Role == Role.Leader).MaxBy(node => node.Term);

    public void Crash(MemberId id) => Nodes.Remove(id);

    public void Restart(MemberId id)
    {
        _recorded[id] = 0;
        Nodes[id] = new RaftNode(
            new RaftOptions { Self = id, Voters = Ids, Seed = (ulong)_random.NextInt64(), MaxAppendBytes = 64, MaxInflightAppends = 4 },
            Disks[id].HardState, Disks[id].Terms(), Disks[id]);
    }

    public void Isolate(MemberId id)
    {
        foreach (var other in Ids)
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
        foreach (var id in Ids)
        {
            if (Nodes.TryGetValue(id, out var node))
                node.Tick();
            Work(id);
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

    public static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private void Deliver(in Message message)
    {
        if (_cut.Contains((message.From.Value, message.To.Value)) || !Nodes.TryGetValue(message.To, out var node))
            return;
        var error = node.Step(message);
        Assert.Equal(RaftError.None, error);
        Work(message.To);
    }

    private void Work(MemberId id)
    {
        while (Nodes.TryGetValue(id, out var node) && node.TryTakeReady(out var ready))
        {
            Send(ready.Messages);
            // As a leader may: its appends leave before its own disk has them.
            Disks[id].Store(ready);
            Send(ready.MessagesAfterPersist);
            node.Advance(ready);
            Reads.AddRange(ready.Reads);
            Record(id, ready.CommitIndex);
        }
    }

    private void Send(IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
        {
            if (_random.NextDouble() >= DropRate)
                _network.Add((_now + _random.Next(MaxDelay), message));
        }
    }

    private void Record(MemberId id, LogIndex commit)
    {
        // Again from the start after a restart, when the host learns the commit index anew.
        var from = _recorded.GetValueOrDefault(id);
        _recorded[id] = (int)commit.Value;
        for (var i = from + 1; i <= (int)commit.Value; i++)
        {
            var entry = Disks[id].Entries[i - 1];
            if (i > Committed.Count)
                Committed.Add(entry);
            else
                Assert.True(Same(Committed[i - 1], entry), $"state machine safety: index {i} differs on {id}");
        }
    }

    private void Check()
    {
        foreach (var (id, node) in Nodes)
        {
            if (node.Role != Role.Leader)
                continue;
            if (!_leaderOfTerm.TryAdd(node.Term.Value, id))
                Assert.True(_leaderOfTerm[node.Term.Value] == id, $"election safety: two leaders in term {node.Term}");
        }
        var leader = Leader;
        if (leader is not null)
        {
            var disk = Disks[leader.Leader];
            var isNewest = Nodes.Values.All(node => node.Term <= leader.Term);
            if (isNewest)
            {
                for (var i = 0; i < Committed.Count; i++)
                    Assert.True(i < disk.Entries.Count && Same(disk.Entries[i], Committed[i]), $"leader completeness: index {i + 1} is missing in term {leader.Term}");
            }
        }
        // Every few steps: it compares whole logs.
        if (_now % 16 != 0)
            return;
        for (var i = 0; i < Ids.Length; i++)
        {
            for (var j = i + 1; j < Ids.Length; j++)
                CheckMatching(Disks[Ids[i]].Entries, Disks[Ids[j]].Entries);
        }
    }

    private static void CheckMatching(List<Entry> one, List<Entry> two)
    {
        var agreed = false;
        for (var i = Math.Min(one.Count, two.Count) - 1; i >= 0; i--)
        {
            agreed |= one[i].Term == two[i].Term;
            Assert.True(!agreed || Same(one[i], two[i]), $"log matching: index {i + 1}");
        }
    }

    private static bool Same(in Entry one, in Entry two) =>
        one.Index == two.Index && one.Term == two.Term && one.Kind == two.Kind && one.Data.Span.SequenceEqual(two.Data.Span);
}
