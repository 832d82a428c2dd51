using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Stable storage of one simulated member.</summary>
internal sealed class MemoryLog : IStoredLog
{
    private readonly List<(LogIndex Index, ClusterConfiguration Configuration)> _configurations = [];

    public LogIndex Before { get; private set; }
    public Term TermBefore { get; private set; }

    /// <summary>The entries after <see cref="Before"/>.</summary>
    public List<Entry> Entries { get; } = [];
    public HardState HardState { get; set; }
    public LogIndex Last => new(Before.Value + (ulong)Entries.Count);

    /// <summary>Every initial member's log begins alike: its members, committed.</summary>
    public void Bootstrap(ClusterConfiguration configuration)
    {
        HardState = new HardState(new(1), default, new(1));
        Add([new Entry(new(1), new(1), EntryKind.Configuration, ConfigurationFormat.Encode(configuration))]);
    }

    /// <summary>A configuration that no entry holds.</summary>
    public void Presume(ClusterConfiguration configuration) => _configurations.Add((default, configuration));

    public void Store(in Ready ready)
    {
        if (ready.Reset is { } reset)
        {
            Entries.Clear();
            _configurations.Clear();
            (Before, TermBefore) = (reset.Index, reset.Term);
            _configurations.Add((reset.Index, reset.Configuration));
        }
        HardState = ready.HardState;
        Add(ready.Entries);
    }

    /// <summary>Entries before <paramref name="first"/> go.</summary>
    public void Drop(LogIndex first)
    {
        var count = (int)(first.Value - 1 - Before.Value);
        TermBefore = Entries[count - 1].Term;
        Before = new(first.Value - 1);
        Entries.RemoveRange(0, count);
        while (_configurations.Count > 1 && _configurations[1].Index <= Before)
            _configurations.RemoveAt(0);
    }

    public MemoryLog Copy()
    {
        var copy = new MemoryLog { Before = Before, TermBefore = TermBefore, HardState = HardState };
        copy.Entries.AddRange(Entries);
        copy._configurations.AddRange(_configurations);
        return copy;
    }

    public Entry At(LogIndex index) => Entries[(int)(index.Value - Before.Value - 1)];

    public IReadOnlyList<(LogIndex Index, ClusterConfiguration Configuration)> Configurations() => [.. _configurations];

    public TermRuns Terms()
    {
        var terms = new TermRuns(Before, TermBefore);
        foreach (var entry in Entries)
            terms.Append(entry.Index, entry.Term);
        return terms;
    }

    public Entry[] Read(LogIndex from, LogIndex to, int maxBytes)
    {
        var result = new List<Entry>();
        long bytes = 0;
        for (var i = from; i < to; i = i.Next)
        {
            var entry = At(i);
            bytes += entry.Data.Length;
            if (result.Count > 0 && bytes > maxBytes)
                break;
            result.Add(entry);
        }
        return [.. result];
    }

    private void Add(Entry[] entries)
    {
        if (entries.Length == 0)
            return;
        Assert.True(entries[0].Index > Before && entries[0].Index <= Last.Next, "a gap was stored");
        var keep = (int)(entries[0].Index.Value - 1 - Before.Value);
        Entries.RemoveRange(keep, Entries.Count - keep);
        _configurations.RemoveAll(item => item.Index >= entries[0].Index);
        Entries.AddRange(entries);
        foreach (var entry in entries.Where(entry => entry.Kind == EntryKind.Configuration))
        {
            Assert.True(ConfigurationFormat.TryDecode(entry.Data.Span, out var configuration));
            _configurations.Add((entry.Index, configuration));
        }
    }
}
