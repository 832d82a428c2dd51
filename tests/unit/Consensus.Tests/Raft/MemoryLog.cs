using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Stable storage of one simulated member.</summary>
internal sealed class MemoryLog : IStoredLog
{
    public List<Entry> Entries { get; } = [];
    public HardState HardState { get; set; }

    public void Store(in Ready ready)
    {
        HardState = ready.HardState;
        if (ready.Entries.Length == 0)
            return;
        var keep = (int)ready.Entries[0].Index.Value - 1;
        Assert.True(keep <= Entries.Count, "a gap was stored");
        Entries.RemoveRange(keep, Entries.Count - keep);
        Entries.AddRange(ready.Entries);
    }

    public TermRuns Terms()
    {
        var terms = new TermRuns(default, default);
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
            var entry = Entries[(int)i.Value - 1];
            bytes += entry.Data.Length;
            if (result.Count > 0 && bytes > maxBytes)
                break;
            result.Add(entry);
        }
        return [.. result];
    }
}
