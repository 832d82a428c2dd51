using Consensus.Contracts;
using Consensus.Core.Raft;
using Simulation.World;

namespace Simulation.Checks;

/// <summary>
/// What was committed, in order, as the first member to say so said it, and what follows from it. Everything members and clients see is held against it:
/// the five properties of Raft Fig. 3, configurations, linearizability.
/// </summary>
internal sealed class Truth
{
    private readonly List<Entry> _committed = [];

    // Of each: a term by which it was committed. Perhaps not in that of the entry itself, but by a later leader (Raft Fig. 8).
    private readonly List<Term> _committedBy = [];
    private readonly List<ulong> _hashes = [0];
    private readonly Dictionary<LogIndex, uint> _storageHashes = [];
    private readonly KvMachine _machine = new();
    private readonly HashSet<(ulong Session, ulong Sequence)> _written = [];
    private readonly Dictionary<int, List<ulong>> _values = [];

    // Versions that somebody has seen, or been told to have written: who asks later sees no older one.
    private readonly Dictionary<int, ulong> _seen = [];
    private readonly Dictionary<ulong, MemberId> _leaders = [];
    private readonly Dictionary<(ulong Index, ulong Term), (ulong Hash, Term Before)> _entries = [];
    private ClusterConfiguration? _configuration;

    public ulong Committed => (ulong)_committed.Count;

    public LogIndex Applied => _machine.Applied;

    /// <summary>The newest committed configuration.</summary>
    public ClusterConfiguration Configuration => _configuration!;

    public LogIndex ConfigurationIndex { get; private set; }

    /// <summary>Log indexes at which storage's key space was compared.</summary>
    public int Stored => _storageHashes.Count;

    public int Configurations { get; private set; }

    public int LeadersSeen => _leaders.Count;

    /// <summary>A member says, in a term of its own, that this is committed (state machine safety).</summary>
    public void Commits(MemberId member, Term term, in Entry entry)
    {
        if (entry.Index.Value <= Committed)
        {
            Check.That(Same(_committed[(int)entry.Index.Value - 1], entry), $"state machine safety: index {entry.Index} on {member} is of term {entry.Term}, and was of {_committed[(int)entry.Index.Value - 1].Term}");
            return;
        }
        Check.That(entry.Index.Value == Committed + 1, $"a gap before index {entry.Index} on {member}");
        _committed.Add(entry);
        _committedBy.Add(term);
        if (KvCommand.TryDecode(entry, out var command))
            Write(command);
        _machine.Apply(entry);
        _hashes.Add(_machine.Hash);
        if (entry.Kind == EntryKind.Configuration)
            CommitsConfiguration(entry);
    }

    /// <summary>A member has applied up to <paramref name="index"/> (I2, I3, I8).</summary>
    public void Applies(MemberId member, LogIndex index, ulong hash) =>
        Check.That(hash == _hashes[(int)index.Value], $"the state of {member} at index {index} is not what was committed: applied twice, out of order or not at all");

    /// <summary>A member's storage holds this key space at <paramref name="index"/> (I3).</summary>
    public void Stores(MemberId member, LogIndex index, uint hash)
    {
        if (!_storageHashes.TryAdd(index, hash))
            Check.That(_storageHashes[index] == hash, $"the key space of {member} at index {index} is not that of another member");
    }

    /// <summary>A member takes itself for the leader (election safety, leader completeness).</summary>
    public void Leads(MemberId member, RaftNode node, Func<LogIndex, Term?> storedTerm)
    {
        if (!_leaders.TryAdd(node.Term.Value, member))
        {
            Check.That(_leaders[node.Term.Value] == member, $"election safety: {member} and {_leaders[node.Term.Value]} lead in term {node.Term}");
            return;
        }
        // By log matching, whoever has the last entry committed in an earlier term has all before it.
        for (var i = _committed.Count; i > 0; i--)
        {
            var entry = _committed[i - 1];
            if (_committedBy[i - 1] >= node.Term)
                continue;
            Check.That(
                node.LastIndex >= entry.Index && (storedTerm(entry.Index) is not { } term || term == entry.Term),
                $"leader completeness: {member} leads in term {node.Term} without index {entry.Index} of term {entry.Term}");
            return;
        }
    }

    /// <summary>A member has entries in its log (log matching, by induction over the term of the entry before).</summary>
    public void Logs(MemberId member, Term before, ReadOnlySpan<Entry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            var known = (HashOf(entry), before);
            before = entry.Term;
            if (!_entries.TryAdd((entry.Index.Value, entry.Term.Value), known))
                Check.That(_entries[(entry.Index.Value, entry.Term.Value)] == known, $"log matching: index {entry.Index} of term {entry.Term} on {member} is another");
        }
    }

    /// <summary>What a client that asks now must see at least.</summary>
    public ulong SeenVersion(int key) => _seen.GetValueOrDefault(key);

    /// <summary>A read or a write has ended with this version of the key; it began when <paramref name="seenBefore"/> was seen (I5, Herlihy and Wing).</summary>
    public void Ends(string what, int key, ulong value, ulong version, ulong seenBefore)
    {
        Check.That(version >= seenBefore, $"{what} of key {key} saw version {version}, but {seenBefore} had been seen before it began");
        var values = _values.GetValueOrDefault(key);
        Check.That(
            version == 0 ? value == 0 : values is not null && version <= (ulong)values.Count && values[(int)version - 1] == value,
            $"{what} of key {key} saw value {value} as version {version}, which nobody committed");
        if (version > SeenVersion(key))
            _seen[key] = version;
    }

    private void Write(in KvCommand command)
    {
        // A session's sequences rise, each is written once however often it is in the log.
        if (command.Session != 0 && !_written.Add((command.Session, command.Sequence)))
            return;
        if (!_values.TryGetValue(command.Key, out var values))
            _values.Add(command.Key, values = []);
        values.Add(command.Value);
    }

    private void CommitsConfiguration(in Entry entry)
    {
        Check.That(ConfigurationFormat.TryDecode(entry.Data.Span, out var next), $"index {entry.Index} holds no configuration");
        if (_configuration is { } last)
            Check.That(QuorumsIntersect(last, next), $"configuration safety: the quorums of index {entry.Index} and of the configuration before it need not meet");
        (ConfigurationIndex, _configuration) = (entry.Index, next);
        Configurations++;
    }

    /// <summary>By the rules of Raft thesis §4: one voter differs, or one of the two is joint over the other.</summary>
    private static bool QuorumsIntersect(ClusterConfiguration one, ClusterConfiguration two)
    {
        var (before, after) = (Voters(one), Voters(two));
        if (two.IsJoint)
            return !one.IsJoint && before.SetEquals(two.OutgoingVoters);
        if (one.IsJoint)
            return before.SetEquals(after);
        return before.Except(after).Count() + after.Except(before).Count() <= 1;
    }

    public static HashSet<MemberId> Voters(ClusterConfiguration configuration) =>
        [.. configuration.Members.Where(member => !member.IsLearner).Select(member => member.Id)];

    private static bool Same(in Entry one, in Entry two) => one.Term == two.Term && one.Kind == two.Kind && one.Data.Span.SequenceEqual(two.Data.Span);

    private static ulong HashOf(in Entry entry)
    {
        var hash = 14695981039346656037 ^ (ulong)entry.Kind;
        foreach (var b in entry.Data.Span)
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}
