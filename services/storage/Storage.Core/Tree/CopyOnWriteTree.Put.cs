using System.Buffers.Binary;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Inserting and replacing.</summary>
public sealed partial class CopyOnWriteTree
{
    // The way from the root [0] to the leaf of the change under way; all writable. A slot is the child taken.
    private readonly PageBuffer[] _path = new PageBuffer[MaxLevels];
    private readonly int[] _slots = new int[MaxLevels];
    private int _depth;

    // Whether the way took the last child everywhere.
    private bool _isLastLeaf;

    // Keys that move up in splits: the one being inserted and the next one.
    private byte[] _separator = new byte[MaxKeyBytes];
    private byte[] _nextSeparator = new byte[MaxKeyBytes];

    /// <inheritdoc/>
    public void Put(TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Put(table, key, value, default);

    /// <inheritdoc/>
    public void Put(TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> head)
    {
        CheckSizes(table, key, value.Length, head.Length);
        _isChanged = true;
        ref var root = ref _tables[table.Value];
        var isOverflow = NodePage.CellBytes(key.Length, value.Length) > NodePage.MaxCellBytes;
        if (!isOverflow && TryAppend(root.Tail, key, value))
            return;

        if (root.Root == 0)
            root.Root = NewNode(level: 0).Page;
        Descend(table, key);
        var leaf = _path[_depth];
        var slot = NodePage.Search(leaf.Bytes, key, out var found);
        if (found)
        {
            if (TryReplaceInPlace(leaf.Bytes, slot, value, isOverflow))
                return;
            RemoveCell(leaf.Bytes, slot);
        }

        if (isOverflow)
            InsertOverflow(table, slot, key, value, head);
        else
            Insert(table, _depth, slot, key, value, isOverflow: false);
        if (_isLastLeaf)
            root.Tail = _path[_depth];
    }

    private static bool TryAppend(PageBuffer? tail, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (tail is null)
            return false;
        var count = NodePage.Count(tail.Bytes);
        return count > 0
            && NodePage.Key(tail.Bytes, count - 1).SequenceCompareTo(key) < 0
            && NodeWriter.TryInsert(tail.Bytes, count, key, value, isOverflow: false);
    }

    private static bool TryReplaceInPlace(Span<byte> leaf, int slot, ReadOnlySpan<byte> value, bool isOverflow)
    {
        if (isOverflow || NodePage.IsOverflow(leaf, slot))
            return false;
        var old = NodeWriter.Payload(leaf, slot);
        if (old.Length != value.Length)
            return false;
        value.CopyTo(old);
        return true;
    }

    /// <summary>Goes down to the leaf of a key, making every page on the way writable.</summary>
    private void Descend(TableId table, ReadOnlySpan<byte> key)
    {
        ref var root = ref _tables[table.Value];
        var page = MakeWritable(root.Root, table);
        root.Root = page.Page;
        _depth = 0;
        _isLastLeaf = true;
        _path[0] = page;
        while (PageFormat.Level(page.Bytes) > 0)
        {
            Invariant.Holds(_depth + 1 < MaxLevels);
            var slot = NodePage.ChildSlot(page.Bytes, key);
            var number = NodePage.Child(page.Bytes, slot);
            var child = MakeWritable(number, table);
            if (child.Page != number)
                NodeWriter.SetChild(page.Bytes, slot, child.Page);
            _isLastLeaf &= slot == NodePage.Count(page.Bytes) - 1;
            _slots[_depth] = slot;
            _path[++_depth] = child;
            page = child;
        }
    }

    private void Insert(TableId table, int depth, int slot, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, bool isOverflow)
    {
        var page = _path[depth];
        if (NodeWriter.TryInsert(page.Bytes, slot, key, payload, isOverflow))
            return;

        var right = NewNode(PageFormat.Level(page.Bytes));
        // At the end of the table keys keep coming in order: the left page then stays full and the right one starts with the new cell.
        var cut = _isLastLeaf && slot == NodePage.Count(page.Bytes)
            ? slot
            : NodeSplit.FindCut(page.Bytes, slot, NodePage.CellBytes(key.Length, payload.Length));
        var separatorBytes = NodeSplit.Divide(page.Bytes, right.Bytes, cut, slot, key, payload, isOverflow, _nextSeparator);
        (_separator, _nextSeparator) = (_nextSeparator, _separator);
        InsertChild(table, depth, page, right, _separator.AsSpan(0, separatorBytes));
        if (depth == _depth && _isLastLeaf)
            _path[depth] = right;
    }

    private void InsertOverflow(TableId table, int slot, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> head)
    {
        Span<byte> payload = stackalloc byte[NodePage.OverflowReferenceBytes + MaxHeadBytes];
        var pages = PageFormat.RunPages(value.Length);
        var page = _space.AllocateRun(pages);
        WriteOverflow(page, pages, value);
        NodePage.WriteOverflowReference(payload, page, value.Length);
        head.CopyTo(payload[NodePage.OverflowReferenceBytes..]);
        Insert(table, _depth, slot, key, payload[..(NodePage.OverflowReferenceBytes + head.Length)], isOverflow: true);
    }

    private void InsertChild(TableId table, int depth, PageBuffer left, PageBuffer right, ReadOnlySpan<byte> separator)
    {
        Span<byte> child = stackalloc byte[NodePage.ChildBytes];
        BinaryPrimitives.WriteInt64LittleEndian(child, right.Page);
        if (depth > 0)
        {
            Insert(table, depth - 1, _slots[depth - 1] + 1, separator, child, isOverflow: false);
            return;
        }
        var top = NewNode(PageFormat.Level(left.Bytes) + 1);
        Invariant.Holds(NodeWriter.TryInsert(top.Bytes, 0, separator, child, isOverflow: false));
        BinaryPrimitives.WriteInt64LittleEndian(child, left.Page);
        Invariant.Holds(NodeWriter.TryInsert(top.Bytes, 0, default, child, isOverflow: false));
        _tables[table.Value].Root = top.Page;
    }

    /// <summary>Removes a leaf's cell, with its overflow run if it has one.</summary>
    private void RemoveCell(Span<byte> leaf, int slot)
    {
        if (NodePage.IsOverflow(leaf, slot))
        {
            var (page, valueBytes) = NodePage.OverflowReference(NodePage.Payload(leaf, slot));
            FreePages(page, PageFormat.RunPages(valueBytes));
        }
        NodeWriter.Remove(leaf, slot);
    }

    private void CheckSizes(TableId table, ReadOnlySpan<byte> key, int valueBytes, int headBytes)
    {
        if (table.Value >= MetaPage.MaxTables)
            throw new ArgumentOutOfRangeException(nameof(table), table.Value, $"tables are numbered below {MetaPage.MaxTables}");
        if (key.Length is 0 or > MaxKeyBytes)
            throw new ArgumentOutOfRangeException(nameof(key), key.Length, $"a key has 1 to {MaxKeyBytes} bytes");
        if (valueBytes > MaxValueBytes || PageFormat.RunPages(valueBytes) > _space.ExtentPages)
            throw new ArgumentOutOfRangeException(nameof(valueBytes), valueBytes, "the value is longer than an overflow run can be");
        if (headBytes > MaxHeadBytes)
            throw new ArgumentOutOfRangeException(nameof(headBytes), headBytes, $"a head has at most {MaxHeadBytes} bytes");
    }
}
