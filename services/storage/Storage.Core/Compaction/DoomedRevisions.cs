using Storage.Core.Mvcc;

namespace Storage.Core.Compaction;

/// <summary>
/// Revisions to be removed, put in as they are found key by key, taken out in table order: neighbours in the table are removed together, and a page that
/// loses all its rows is copied once. Nothing is sorted as a whole, so every call is short.
/// </summary>
public sealed class DoomedRevisions
{
    // Each is sorted; what is left of one begins at its position. The queue holds the lowest revision of each.
    private readonly List<Run> _runs = [];
    private readonly PriorityQueue<int, Revision> _lowest = new();

    /// <summary>Revisions held; 16 bytes each.</summary>
    public int Count { get; private set; }

    /// <summary>Takes over what a few keys lose, in any order.</summary>
    public void Add(List<(Revision Revision, bool IsTombstone)> found)
    {
        if (found.Count == 0)
            return;
        var items = new Item[found.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = new Item(found[i].Revision, found[i].IsTombstone);
        Array.Sort(items);
        _lowest.Enqueue(_runs.Count, items[0].Revision);
        _runs.Add(new Run(items));
        Count += items.Length;
    }

    /// <summary>Takes the lowest of all.</summary>
    public (Revision Revision, bool IsTombstone) Take()
    {
        var run = _runs[_lowest.Peek()];
        var item = run.Items[run.Position++];
        if (run.Position == run.Items.Length)
        {
            _runs[_lowest.Dequeue()] = Run.Empty;
            if (_lowest.Count == 0)
                _runs.Clear();
        }
        else
        {
            _lowest.DequeueEnqueue(_lowest.Peek(), run.Items[run.Position].Revision);
        }
        Count--;
        return (item.Revision, item.IsTombstone);
    }

    private sealed class Run(Item[] items)
    {
        public static readonly Run Empty = new([]);

        public Item[] Items { get; } = items;
        public int Position { get; set; }
    }

    // The tombstone mark rides in the sign of sub.
    private readonly struct Item(Revision revision, bool isTombstone) : IComparable<Item>
    {
        private readonly long _main = revision.Main;
        private readonly int _sub = isTombstone ? ~revision.Sub : revision.Sub;

        public Revision Revision => new(_main, _sub < 0 ? ~_sub : _sub);
        public bool IsTombstone => _sub < 0;

        public int CompareTo(Item other) => Revision.CompareTo(other.Revision);
    }
}
