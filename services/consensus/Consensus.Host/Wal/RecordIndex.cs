using System.Runtime.InteropServices;
using Consensus.Contracts;

namespace Consensus.Host.Wal;

/// <summary>Which record holds an index: 24 bytes for each entries record of the kept log, in memory.</summary>
/// <remarks>Written by the log's owner, read by tails. Every method holds the lock for a binary search at most.</remarks>
internal sealed class RecordIndex
{
    /// <summary>An entries record; it counts up to the first index of the next one, whatever it holds beyond.</summary>
    public readonly record struct Item(LogIndex First, WalSegment Segment, uint Offset, int Bytes);

    private readonly Lock _gate = new();
    private readonly List<Item> _items = [];
    private LogIndex _first = new(1);
    private LogIndex _last;

    public LogIndex First
    {
        get
        {
            lock (_gate)
                return _first;
        }
    }

    /// <summary>The log begins after <paramref name="before"/>.</summary>
    public void Start(LogIndex before)
    {
        lock (_gate)
        {
            _items.Clear();
            _first = before.Next;
            _last = before;
        }
    }

    public void Add(in Item item, LogIndex last)
    {
        lock (_gate)
        {
            Cut(item.First);
            _items.Add(item);
            _last = last;
        }
    }

    /// <summary>Everything from <paramref name="from"/> on was cut from the log.</summary>
    public void TruncateFrom(LogIndex from)
    {
        lock (_gate)
        {
            Cut(from);
            if (_last >= from)
                _last = new LogIndex(from.Value - 1);
        }
    }

    /// <summary>The log now begins at <paramref name="first"/>.</summary>
    public void DropBefore(LogIndex first)
    {
        lock (_gate)
        {
            var keep = 0;
            while (keep < _items.Count && _items[keep].First < first && (keep + 1 == _items.Count ? _last.Next : _items[keep + 1].First) <= first)
                keep++;
            _items.RemoveRange(0, keep);
            _first = first;
        }
    }

    /// <summary>Finds the record of <paramref name="index"/> and the index after the last one it counts for.</summary>
    /// <exception cref="LogCompactedException">It was dropped.</exception>
    public bool TryFind(LogIndex index, out Item item, out LogIndex end)
    {
        lock (_gate)
        {
            if (index < _first)
                throw new LogCompactedException(_first);
            item = default;
            end = default;
            if (index > _last)
                return false;
            var at = Position(index);
            item = _items[at];
            end = at + 1 < _items.Count ? _items[at + 1].First : _last.Next;
            return true;
        }
    }

    private void Cut(LogIndex from)
    {
        while (_items.Count > 0 && _items[^1].First >= from)
            _items.RemoveAt(_items.Count - 1);
    }

    private int Position(LogIndex index)
    {
        var items = CollectionsMarshal.AsSpan(_items);
        var low = 0;
        var high = items.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (items[middle].First <= index)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
