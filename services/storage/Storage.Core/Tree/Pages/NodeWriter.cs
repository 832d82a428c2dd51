using System.Buffers.Binary;

namespace Storage.Core.Tree.Pages;

/// <summary>Changes branch and leaf pages in place. The layout is in <see cref="NodePage"/>.</summary>
internal static class NodeWriter
{
    /// <summary>Makes an empty node of a page; page number and transaction are set by the caller.</summary>
    public static void Format(Span<byte> page, int level)
    {
        page.Clear();
        PageFormat.SetType(page, level == 0 ? PageType.Leaf : PageType.Branch);
        page[PageFormat.LevelAt] = (byte)level;
        SetHeapStart(page, PageFormat.PageBytes);
    }

    /// <summary>Inserts a cell at a slot; false, and nothing changed, when it does not fit.</summary>
    public static bool TryInsert(Span<byte> page, int slot, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, bool isOverflow)
    {
        if (NodePage.FreeBytes(page) < NodePage.CellBytes(key.Length, payload.Length))
            return false;
        var count = NodePage.Count(page);
        var cellBytes = NodePage.CellHeaderBytes + key.Length + payload.Length;
        if (NodePage.HeapStart(page) - cellBytes < PageFormat.HeaderBytes + NodePage.SlotBytes * (count + 1))
            CloseGaps(page);

        var cell = NodePage.HeapStart(page) - cellBytes;
        BinaryPrimitives.WriteUInt16LittleEndian(page[cell..], (ushort)(key.Length | (isOverflow ? NodePage.OverflowFlag : 0)));
        BinaryPrimitives.WriteUInt16LittleEndian(page[(cell + 2)..], (ushort)payload.Length);
        key.CopyTo(page[(cell + NodePage.CellHeaderBytes)..]);
        payload.CopyTo(page[(cell + NodePage.CellHeaderBytes + key.Length)..]);

        var slots = page.Slice(PageFormat.HeaderBytes, NodePage.SlotBytes * (count + 1));
        if (slot < count)
            slots[(NodePage.SlotBytes * slot)..(NodePage.SlotBytes * count)].CopyTo(slots[(NodePage.SlotBytes * (slot + 1))..]);
        BinaryPrimitives.WriteUInt16LittleEndian(slots[(NodePage.SlotBytes * slot)..], (ushort)cell);
        SetCount(page, count + 1);
        SetHeapStart(page, cell);
        return true;
    }

    public static void Remove(Span<byte> page, int slot)
    {
        var count = NodePage.Count(page);
        var cell = NodePage.CellOffset(page, slot);
        var (payload, length) = NodePage.PayloadRange(page, slot);
        var cellBytes = payload + length - cell;
        if (cell == NodePage.HeapStart(page))
            SetHeapStart(page, cell + cellBytes);
        else
            SetDeadBytes(page, NodePage.DeadBytes(page) + cellBytes);

        var slots = page.Slice(PageFormat.HeaderBytes, NodePage.SlotBytes * count);
        slots[(NodePage.SlotBytes * (slot + 1))..].CopyTo(slots[(NodePage.SlotBytes * slot)..]);
        SetCount(page, count - 1);
    }

    public static Span<byte> Payload(Span<byte> page, int slot)
    {
        var (offset, length) = NodePage.PayloadRange(page, slot);
        return page.Slice(offset, length);
    }

    public static void SetChild(Span<byte> page, int slot, long child) =>
        BinaryPrimitives.WriteInt64LittleEndian(Payload(page, slot), child);

    /// <summary>Removes a branch's child; the first one left takes over everything below it.</summary>
    public static void RemoveChild(Span<byte> page, int slot)
    {
        Remove(page, slot);
        if (slot > 0 || NodePage.Count(page) == 0)
            return;
        Span<byte> child = stackalloc byte[NodePage.ChildBytes];
        NodePage.Payload(page, 0).CopyTo(child);
        Remove(page, 0);
        Invariant.Holds(TryInsert(page, 0, default, child, isOverflow: false));
    }

    /// <summary>Moves all cells of <paramref name="right"/> behind those of <paramref name="left"/>; the caller knows that they fit.</summary>
    /// <param name="left">Grows.</param>
    /// <param name="right">Right neighbour; not changed.</param>
    /// <param name="separator">Branches: the parent's key of <paramref name="right"/>, which its first child gets back.</param>
    public static void Append(Span<byte> left, ReadOnlySpan<byte> right, ReadOnlySpan<byte> separator)
    {
        var isBranch = PageFormat.Type(right) == PageType.Branch;
        var count = NodePage.Count(right);
        for (var slot = 0; slot < count; slot++)
        {
            var key = isBranch && slot == 0 ? separator : NodePage.Key(right, slot);
            Invariant.Holds(TryInsert(
                left, NodePage.Count(left), key, NodePage.Payload(right, slot), NodePage.IsOverflow(right, slot)));
        }
    }

    private static void CloseGaps(Span<byte> page)
    {
        Span<byte> old = stackalloc byte[PageFormat.PageBytes];
        page.CopyTo(old);
        var heap = PageFormat.PageBytes;
        var count = NodePage.Count(page);
        for (var slot = 0; slot < count; slot++)
        {
            var cell = NodePage.CellOffset(old, slot);
            var (payload, length) = NodePage.PayloadRange(old, slot);
            var cellBytes = payload + length - cell;
            heap -= cellBytes;
            old.Slice(cell, cellBytes).CopyTo(page[heap..]);
            BinaryPrimitives.WriteUInt16LittleEndian(page[(PageFormat.HeaderBytes + NodePage.SlotBytes * slot)..], (ushort)heap);
        }
        SetHeapStart(page, heap);
        SetDeadBytes(page, 0);
    }

    private static void SetCount(Span<byte> page, int count) =>
        BinaryPrimitives.WriteUInt16LittleEndian(page[PageFormat.CountAt..], (ushort)count);

    private static void SetHeapStart(Span<byte> page, int heap) =>
        BinaryPrimitives.WriteUInt16LittleEndian(page[NodePage.HeapAt..], (ushort)heap);

    private static void SetDeadBytes(Span<byte> page, int dead) =>
        BinaryPrimitives.WriteUInt16LittleEndian(page[NodePage.DeadAt..], (ushort)dead);
}
