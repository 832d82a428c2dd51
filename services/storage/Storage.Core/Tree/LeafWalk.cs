using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Goes from leaf to leaf of one table of a snapshot, and tells which pages it meets.</summary>
internal sealed class LeafWalk
{
    private readonly TreeSnapshot _snapshot;
    private readonly TableId _table;
    private readonly long _end;

    // From the leaf [0] up to the root.
    private readonly (long Page, int Slot, int Count)[] _path;

    /// <summary>At the leaf whose range holds a key. Reads, and so checks, values that reach behind <paramref name="end"/>: who moves them finds them in memory.</summary>
    public LeafWalk(TreeSnapshot snapshot, long root, TableId table, ReadOnlySpan<byte> from, long end)
    {
        (_snapshot, _table, _end) = (snapshot, table, end);
        _path = new (long, int, int)[PageFormat.Level(snapshot.Node(root, table)) + 1];
        Begin();
        var number = root;
        for (var level = _path.Length - 1; level > 0; level--)
        {
            var page = Enter(number);
            var slot = NodePage.ChildSlot(page, from);
            _path[level] = (number, slot, NodePage.Count(page));
            number = NodePage.Child(page, slot);
        }
        EnterLeaf(number);
    }

    /// <summary>Pages met since the leaf before: this leaf, new branches above it, its overflow runs.</summary>
    public int Entered { get; private set; }

    /// <summary>The page after the last one of those.</summary>
    public long ReachesTo { get; private set; }

    /// <summary>First key of the leaf; valid until the snapshot is disposed.</summary>
    public ReadOnlySpan<byte> FirstKey => NodePage.Key(_snapshot.Node(_path[0].Page, _table), 0);

    /// <summary>Goes to the next leaf; false when there is none.</summary>
    public bool MoveNext()
    {
        Begin();
        var level = 1;
        while (level < _path.Length && _path[level].Slot + 1 >= _path[level].Count)
            level++;
        if (level >= _path.Length)
            return false;
        _path[level].Slot++;
        while (true)
        {
            var number = NodePage.Child(_snapshot.Node(_path[level].Page, _table), _path[level].Slot);
            if (--level == 0)
            {
                EnterLeaf(number);
                return true;
            }
            _path[level] = (number, 0, NodePage.Count(Enter(number)));
        }
    }

    private void Begin() => (Entered, ReachesTo) = (0, 0);

    private ReadOnlySpan<byte> Enter(long number)
    {
        Meet(number, 1);
        return _snapshot.Node(number, _table);
    }

    private void EnterLeaf(long number)
    {
        var leaf = Enter(number);
        var count = NodePage.Count(leaf);
        _path[0] = (number, 0, count);
        for (var slot = 0; slot < count; slot++)
        {
            if (!NodePage.IsOverflow(leaf, slot))
                continue;
            var (page, valueBytes) = NodePage.OverflowReference(NodePage.Payload(leaf, slot));
            var pages = PageFormat.RunPages(valueBytes);
            Meet(page, pages);
            if (page + pages > _end)
                _ = _snapshot.Overflow(page, valueBytes, _table);
        }
    }

    private void Meet(long page, int pages)
    {
        Entered += pages;
        ReachesTo = Math.Max(ReachesTo, page + pages);
    }
}
