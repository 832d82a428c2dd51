using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Removing, and joining pages that became nearly empty.</summary>
public sealed partial class CopyOnWriteTree
{
    // A node below a quarter looks for a neighbour; the two become one when that leaves room for an eighth, so that the next insert does
    // not split it again at once.
    private const int SmallNodeBytes = NodePage.Capacity / 4;
    private const int MaxJoinedBytes = NodePage.Capacity - NodePage.Capacity / 8;

    // The dirty leaf that the last deletion was in: of keys deleted in order, most are in it. Null: not known.
    private PageBuffer? _nearLeaf;
    private TableId _nearTable;

    /// <inheritdoc/>
    public bool Delete(TableId table, ReadOnlySpan<byte> key)
    {
        if (TryDeleteNear(table, key))
            return true;
        // First a look: a key that is not there must not copy pages. Its value is not read.
        if (!TreeLookup.Contains(new Pages(this), _tables[table.Value].Root, table, key))
            return false;
        _isChanged = true;
        // The last leaf may be joined with another below.
        _tables[table.Value].Tail = null;
        Descend(table, key);
        var leaf = _path[_depth].Bytes;
        var slot = NodePage.Search(leaf, key, out var found);
        Invariant.Holds(found);
        RemoveCell(leaf, slot);
        (_nearLeaf, _nearTable) = (_path[_depth], table);
        Shrink(table, _depth);
        return true;
    }

    /// <summary>
    /// Removes a key without a descent when it is in the leaf of the last deletion and leaves that one large enough. What lies between two keys of a leaf can
    /// be nowhere else, whatever has happened to the pages above it.
    /// </summary>
    private bool TryDeleteNear(TableId table, ReadOnlySpan<byte> key)
    {
        if (_nearLeaf is not { IsSealed: false, IsDropped: false } near || table != _nearTable)
            return false;
        var leaf = near.Bytes;
        var slot = NodePage.Search(leaf, key, out var found);
        if (!found)
            return false;
        var (_, payloadBytes) = NodePage.PayloadRange(leaf, slot);
        if (NodePage.UsedBytes(leaf) - NodePage.CellBytes(key.Length, payloadBytes) < SmallNodeBytes)
            return false;
        RemoveCell(leaf, slot);
        return true;
    }

    /// <summary>Removes or joins a node of the path that lost a cell, and goes on with its parent.</summary>
    private void Shrink(TableId table, int depth)
    {
        if (depth == 0)
        {
            ShrinkRoot(table);
            return;
        }
        var node = _path[depth];
        var parent = _path[depth - 1];
        var slot = _slots[depth - 1];
        if (NodePage.Count(node.Bytes) == 0)
        {
            FreePages(node.Page, 1);
            NodeWriter.RemoveChild(parent.Bytes, slot);
            Shrink(table, depth - 1);
            return;
        }
        if (NodePage.UsedBytes(node.Bytes) >= SmallNodeBytes)
            return;
        var isJoined = (slot + 1 < NodePage.Count(parent.Bytes) && TryJoin(table, parent, slot))
            || (slot > 0 && TryJoin(table, parent, slot - 1));
        if (isJoined)
            Shrink(table, depth - 1);
    }

    /// <summary>Moves the child after <paramref name="leftSlot"/> into the child at it when both fit into one page.</summary>
    private bool TryJoin(TableId table, PageBuffer parent, int leftSlot)
    {
        var leftPage = NodePage.Child(parent.Bytes, leftSlot);
        var rightPage = NodePage.Child(parent.Bytes, leftSlot + 1);
        var right = Node(rightPage, table);
        var separator = NodePage.Key(parent.Bytes, leftSlot + 1);
        // A branch's first child gets its key back, which its parent holds.
        var regained = PageFormat.Level(right) > 0 ? separator.Length : 0;
        if (NodePage.UsedBytes(Node(leftPage, table)) + NodePage.UsedBytes(right) + regained > MaxJoinedBytes)
            return false;

        var left = MakeWritable(leftPage, table);
        NodeWriter.SetChild(parent.Bytes, leftSlot, left.Page);
        NodeWriter.Append(left.Bytes, right, separator);
        FreePages(rightPage, 1);
        NodeWriter.RemoveChild(parent.Bytes, leftSlot + 1);
        return true;
    }

    private void ShrinkRoot(TableId table)
    {
        ref var root = ref _tables[table.Value];
        ReadOnlySpan<byte> page = _path[0].Bytes;
        if (NodePage.Count(page) == 0)
        {
            FreePages(root.Root, 1);
            root.Root = 0;
            return;
        }
        while (PageFormat.Level(page) > 0 && NodePage.Count(page) == 1)
        {
            var child = NodePage.Child(page, 0);
            FreePages(root.Root, 1);
            root.Root = child;
            page = Node(child, table);
        }
    }
}
