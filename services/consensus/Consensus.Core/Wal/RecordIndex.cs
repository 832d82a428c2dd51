using Consensus.Contracts;

namespace Consensus.Core.Wal;

/// <summary>Which record holds an index: 24 bytes for each entries record of the kept log, in memory.</summary>
/// <remarks>
/// Written by the log's owner, read by tails on any thread, without a lock: readers search an immutable view. Views share their array
/// as long as it only grows, since no view reaches beyond the count it was published with; whatever removes items copies.
/// </remarks>
internal sealed class RecordIndex
{
    /// <summary>An entries record; it counts up to the first index of the next one, whatever it holds beyond.</summary>
    public readonly record struct Item(LogIndex First, WalSegment Segment, uint Offset, int Bytes);

    /// <param name="Items">Items by ascending first index; those from <paramref name="Count"/> on belong to the owner.</param>
    private sealed record View(Item[] Items, int Count, LogIndex First, LogIndex Last);

    private View _view = new([], 0, new LogIndex(1), default);

    public LogIndex First => Volatile.Read(ref _view).First;

    /// <summary>The log begins after <paramref name="before"/>.</summary>
    public void Start(LogIndex before) => Volatile.Write(ref _view, new View([], 0, before.Next, before));

    public void Add(in Item item, LogIndex last)
    {
        TruncateFrom(item.First);
        var items = _view.Items;
        if (_view.Count == items.Length)
            Array.Resize(ref items, Math.Max(16, items.Length * 2));
        items[_view.Count] = item;
        Volatile.Write(ref _view, new View(items, _view.Count + 1, _view.First, last));
    }

    /// <summary>Everything from <paramref name="from"/> on was cut from the log.</summary>
    public void TruncateFrom(LogIndex from)
    {
        if (from > _view.Last)
            return;
        var count = _view.Count;
        while (count > 0 && _view.Items[count - 1].First >= from)
            count--;
        Volatile.Write(ref _view, new View(_view.Items[..count], count, _view.First, new LogIndex(from.Value - 1)));
    }

    /// <summary>The log now begins at <paramref name="first"/>.</summary>
    public void DropBefore(LogIndex first)
    {
        var drop = 0;
        while (drop < _view.Count && EndOf(_view, drop) <= first)
            drop++;
        Volatile.Write(ref _view, new View(_view.Items[drop.._view.Count], _view.Count - drop, first, _view.Last));
    }

    /// <summary>Finds the record of <paramref name="index"/> and the index after the last one it counts for.</summary>
    /// <exception cref="LogCompactedException">It was dropped.</exception>
    public bool TryFind(LogIndex index, out Item item, out LogIndex end)
    {
        var view = Volatile.Read(ref _view);
        if (index < view.First)
            throw new LogCompactedException(view.First);
        item = default;
        end = default;
        if (index > view.Last)
            return false;
        var at = Position(view.Items.AsSpan(0, view.Count), index);
        item = view.Items[at];
        end = EndOf(view, at);
        return true;
    }

    private static LogIndex EndOf(View view, int at) => at + 1 < view.Count ? view.Items[at + 1].First : view.Last.Next;

    private static int Position(ReadOnlySpan<Item> items, LogIndex index)
    {
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
