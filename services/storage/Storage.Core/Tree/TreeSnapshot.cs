using System.Runtime.CompilerServices;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Reads one completed commit straight from the device; never sees memory that the tree's owner changes.</summary>
internal sealed class TreeSnapshot(DevicePages pages, TreeState state, ISnapshotRegistry registry, int ticket) : ITreeSnapshot
{
    private bool _isDisposed;

    /// <summary>Root page of a table; 0: it is empty.</summary>
    public long RootOf(TableId table) => state.Roots[table.Value];

    public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return TreeLookup.TryGet(new Pages(this), state.Roots[table.Value], table, key, out value);
    }

    public bool TryGetHead(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> head)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return TreeLookup.TryGetHead(new Pages(this), state.Roots[table.Value], table, key, out head);
    }

    public int FetchAhead(TableId table, ReadOnlySpan<byte> key)
    {
        if (RootOf(table) is not 0 and var root)
        {
            var leaf = root;
            var page = Node(root, table);
            while (PageFormat.Level(page) > 0)
            {
                leaf = NodePage.Child(page, NodePage.ChildSlot(page, key));
                // To look into it would be to wait for it.
                if (PageFormat.Level(page) == 1 && pages.FetchAbsent(leaf, 1) is not 0 and var leafBytes)
                    return leafBytes;
                page = Node(leaf, table);
            }
            var slot = NodePage.Search(page, key, out var found);
            if (found && NodePage.IsOverflow(page, slot))
            {
                var (run, valueBytes) = NodePage.OverflowReference(NodePage.Payload(page, slot));
                return pages.FetchAbsent(run, PageFormat.RunPages(valueBytes));
            }
        }
        return 0;
    }

    public ITreeCursor Seek(TableId table, ReadOnlySpan<byte> from)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new TreeCursor(this, state.Roots[table.Value], table, from);
    }

    public void Scan<TVisitor>(TableId table, TVisitor visitor)
        where TVisitor : struct, IRowVisitor
    {
        if (RootOf(table) is not 0 and var root)
        {
            FetchBelow(root, table);
            ScanNode(root, table, visitor);
        }
    }

    public ReadOnlySpan<byte> Node(long page, TableId table)
    {
        // A cursor that outlives its snapshot would read pages that are being reused.
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return pages.Node(page, table, state.Txn);
    }

    /// <summary>As <see cref="DevicePages.Locate"/>.</summary>
    public nint Locate(long page) => pages.Locate(page);

    public ReadOnlySpan<byte> Overflow(long page, int valueBytes, TableId table)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return pages.Overflow(page, valueBytes, table, state.Txn);
    }

    // By themselves the leaves would be found by faults, one after the other, each with as much around it as the system likes to read at once: on a store of long values, all of them.
    private void FetchBelow(long number, TableId table)
    {
        var page = Node(number, table);
        if (PageFormat.Level(page) > 0)
            pages.FetchChildren(page);
    }

    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanNode<TVisitor>(long number, TableId table, TVisitor visitor)
        where TVisitor : struct, IRowVisitor
    {
        var page = Node(number, table);
        var count = NodePage.Count(page);
        if (PageFormat.Level(page) > 0)
        {
            if (PageFormat.Level(page) > 1)
                FetchBelow(NodePage.Child(page, 0), table);
            for (var slot = 0; slot < count; slot++)
            {
                // A branch ahead: its leaves are on their way while those before them are gone through.
                if (PageFormat.Level(page) > 1 && slot + 1 < count)
                    FetchBelow(NodePage.Child(page, slot + 1), table);
                ScanNode(NodePage.Child(page, slot), table, visitor);
            }
            return;
        }
        for (var slot = 0; slot < count; slot++)
        {
            visitor.Visit(NodePage.Key(page, slot), TreeLookup.Head(new Pages(this), page, slot, table));
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        registry.Exit(ticket);
    }

    /// <summary>The pages of a snapshot.</summary>
    internal readonly struct Pages(TreeSnapshot snapshot) : IPageSource
    {
        public ReadOnlySpan<byte> Node(long page, TableId table) => snapshot.Node(page, table);

        public ReadOnlySpan<byte> Overflow(long page, int valueBytes, TableId table) => snapshot.Overflow(page, valueBytes, table);
    }
}
