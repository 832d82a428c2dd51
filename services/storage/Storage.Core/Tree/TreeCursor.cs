using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>
/// Walks the leaves with the way down to them on a stack: copy-on-write leaves have no links to their neighbours, or a change to one would
/// copy all.
/// </summary>
internal sealed class TreeCursor : ITreeCursor
{
    private readonly TreeSnapshot _snapshot;
    private readonly TableId _table;

    // From the leaf [0] up to the root; empty for an empty table. A frame's slot is the one that the walk is at.
    private readonly Frame[] _path;

    // Who has gone through one leaf likely goes through the next: it is fetched while this one is read, a part with each row. What is left of it.
    private nint _ahead;
    private int _aheadBytes;
    private int _aheadStep;

    public TreeCursor(TreeSnapshot snapshot, long root, TableId table, ReadOnlySpan<byte> from)
    {
        _snapshot = snapshot;
        _table = table;
        if (root == 0)
        {
            _path = [];
            return;
        }
        var page = snapshot.Node(root, table);
        _path = new Frame[PageFormat.Level(page) + 1];
        var number = root;
        for (var level = _path.Length - 1; level > 0; level--)
        {
            var slot = NodePage.ChildSlot(page, from);
            _path[level] = new Frame(number, slot, NodePage.Count(page));
            number = NodePage.Child(page, slot);
            page = snapshot.Node(number, table);
        }
        // One before the first key wanted: MoveNext comes first.
        _path[0] = new Frame(number, NodePage.Search(page, from, out _) - 1, NodePage.Count(page));
    }

    public ReadOnlySpan<byte> Key => NodePage.Key(Leaf(), _path[0].Slot);

    public ReadOnlySpan<byte> Value => TreeLookup.Value(new TreeSnapshot.Pages(_snapshot), Leaf(), _path[0].Slot, _table);

    public ReadOnlySpan<byte> Head => TreeLookup.Head(new TreeSnapshot.Pages(_snapshot), Leaf(), _path[0].Slot, _table);

    public void ReadRow(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        if (!NodePage.ReadCell(Leaf(), _path[0].Slot, out key, out value))
            return;
        var (page, valueBytes) = NodePage.OverflowReference(value);
        value = _snapshot.Overflow(page, valueBytes, _table);
    }

    public bool MoveNext()
    {
        if (_path.Length == 0)
            return false;
        ref var leaf = ref _path[0];
        if (++leaf.Slot < leaf.Count)
        {
            if (_aheadBytes > 0)
                FetchAhead();
            return true;
        }
        // Stays behind the last key, so that a further call says no again.
        leaf.Slot = leaf.Count;
        return MoveToNextLeaf();
    }

    private bool MoveToNextLeaf()
    {
        var level = 1;
        while (level < _path.Length && _path[level].Slot + 1 >= _path[level].Count)
            level++;
        if (level >= _path.Length)
            return false;
        _path[level].Slot++;
        for (; level > 0; level--)
        {
            var child = NodePage.Child(_snapshot.Node(_path[level].Page, _table), _path[level].Slot);
            _path[level - 1] = new Frame(child, 0, NodePage.Count(_snapshot.Node(child, _table)));
        }
        LookAhead();
        return true;
    }

    private void LookAhead()
    {
        ref readonly var parent = ref _path[1];
        _ahead = parent.Slot + 1 < parent.Count ? _snapshot.Locate(NodePage.Child(_snapshot.Node(parent.Page, _table), parent.Slot + 1)) : 0;
        _aheadBytes = _ahead == 0 ? 0 : PageFormat.PageBytes;
        _aheadStep = PageFormat.PageBytes / Math.Max(1, _path[0].Count - 1);
        // Its slots first: they lead to everything else.
        FetchAhead();
    }

    private void FetchAhead()
    {
        var bytes = Math.Min(_aheadStep, _aheadBytes);
        CacheLines.FetchAt(_ahead, bytes);
        (_ahead, _aheadBytes) = (_ahead + bytes, _aheadBytes - bytes);
    }

    private ReadOnlySpan<byte> Leaf() => _snapshot.Node(_path[0].Page, _table);

    private struct Frame(long page, int slot, int count)
    {
        public readonly long Page = page;
        public int Slot = slot;
        public readonly int Count = count;
    }
}
