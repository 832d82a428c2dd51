using Consensus.Contracts;

namespace Consensus.Host.Tail;

/// <summary>The last entries of the log in memory, bounded in bytes: the very arrays and buffers that were proposed.</summary>
/// <remarks>The log thread adds, tails read. Each array is one group of the log and never changes.</remarks>
internal sealed class RecentEntries(long maxBytes)
{
    // What an entry costs besides its data.
    private const int OverheadBytes = 64;

    // A batch this large is handed on as it is; smaller ones are joined for a reader that is behind.
    private const int WorthwhileEntries = 64;

    private readonly record struct Chunk(Entry[] Entries, long Bytes)
    {
        public LogIndex First => Entries[0].Index;
        public LogIndex Last => Entries[^1].Index;
    }

    private readonly Lock _gate = new();

    // Consecutive chunks from _head on; what is before it was evicted.
    private readonly List<Chunk> _chunks = [];
    private int _head;
    private long _bytes;

    /// <summary>Adds entries; they replace what was there from their first index on.</summary>
    public void Add(Entry[] entries)
    {
        if (entries.Length == 0)
            return;
        long bytes = 0;
        foreach (ref readonly var entry in entries.AsSpan())
            bytes += OverheadBytes + entry.Data.Length;
        lock (_gate)
        {
            CutFrom(entries[0].Index);
            _chunks.Add(new Chunk(entries, bytes));
            _bytes += bytes;
            while (_bytes > maxBytes && _head < _chunks.Count - 1)
                Evict();
        }
    }

    /// <summary>Entries of [<paramref name="from"/>, <paramref name="to"/>); false when <paramref name="from"/> is not in memory.</summary>
    public bool TryRead(LogIndex from, LogIndex to, int maxDataBytes, out Entry[] entries)
    {
        entries = [];
        lock (_gate)
        {
            if (_head == _chunks.Count || from < _chunks[_head].First || from > _chunks[^1].Last || from >= to)
                return false;
            var at = Position(from);
            var chunk = _chunks[at];
            var isLastOne = at == _chunks.Count - 1 || chunk.Last.Next >= to;
            if (chunk.First == from && chunk.Last < to && (isLastOne || chunk.Entries.Length >= WorthwhileEntries)
                && (chunk.Bytes <= maxDataBytes || chunk.Entries.Length == 1))
            {
                entries = chunk.Entries;
                return true;
            }
            entries = Join(at, from, to, maxDataBytes);
            return true;
        }
    }

    /// <summary>Forgets everything: the log begins anew elsewhere.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _chunks.Clear();
            _head = 0;
            _bytes = 0;
        }
    }

    private Entry[] Join(int at, LogIndex from, LogIndex to, int maxDataBytes)
    {
        var result = new List<Entry>();
        long bytes = 0;
        for (; at < _chunks.Count; at++)
        {
            foreach (ref readonly var entry in _chunks[at].Entries.AsSpan())
            {
                if (entry.Index < from)
                    continue;
                bytes += entry.Data.Length;
                if (entry.Index >= to || (result.Count > 0 && bytes > maxDataBytes))
                    return [.. result];
                result.Add(entry);
            }
        }
        return [.. result];
    }

    private void CutFrom(LogIndex from)
    {
        while (_chunks.Count > _head && _chunks[^1].Last >= from)
        {
            var chunk = _chunks[^1];
            _chunks.RemoveAt(_chunks.Count - 1);
            _bytes -= chunk.Bytes;
            if (chunk.First < from)
            {
                var keep = chunk.Entries[..(int)(from.Value - chunk.First.Value)];
                // The share of the cut entries is not worth computing: the bound stays on the safe side.
                _chunks.Add(chunk with { Entries = keep });
                _bytes += chunk.Bytes;
                return;
            }
        }
    }

    private void Evict()
    {
        _bytes -= _chunks[_head].Bytes;
        _chunks[_head++] = default;
        if (_head > 1024 && _head > _chunks.Count / 2)
        {
            _chunks.RemoveRange(0, _head);
            _head = 0;
        }
    }

    private int Position(LogIndex index)
    {
        var low = _head;
        var high = _chunks.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_chunks[middle].First <= index)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
