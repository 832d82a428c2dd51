using System.Buffers.Binary;

namespace Storage.Core.Tree.Pages;

/// <summary>
/// Reads branch and leaf pages. Slots (u16 offsets, in key order) grow up from the header, cells grow down from the end.
/// <code>
/// | header 32 | slot 0 | slot 1 | ... free ... | cell | cell | cell |
///                                              ^ heap start
/// cell: u16 key length (top bit: the payload refers to an overflow run), u16 payload length, key, payload
/// </code>
/// A leaf's payload is the value, or (u64 first page, u32 value length, head). A head may be empty, and was in format version 1. A branch's payload is the u64 page of the child that
/// holds the keys from this cell's key on; the key of slot 0 is empty and stands for "from the start".
/// </summary>
internal static class NodePage
{
    public const int Capacity = PageFormat.PageBytes - PageFormat.HeaderBytes;
    public const int CellHeaderBytes = 4;
    public const int SlotBytes = 2;
    public const int ChildBytes = 8;
    public const int OverflowReferenceBytes = 12;
    public const int HeapAt = PageFormat.ExtraAt;
    public const int DeadAt = PageFormat.ExtraAt + 2;
    public const ushort OverflowFlag = 0x8000;

    /// <summary>
    /// Half a page, slot included: then a full page and one more cell always fit into two pages, whatever the sizes are
    /// (fill the left one: it gets more than half a page, so at most a page is left for the right one).
    /// </summary>
    public const int MaxCellBytes = Capacity / 2;

    public static int Count(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt16LittleEndian(page[PageFormat.CountAt..]);

    public static int HeapStart(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt16LittleEndian(page[HeapAt..]);

    public static int DeadBytes(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt16LittleEndian(page[DeadAt..]);

    /// <summary>Bytes that cells may still take, the gaps of removed ones included.</summary>
    public static int FreeBytes(ReadOnlySpan<byte> page) =>
        HeapStart(page) - PageFormat.HeaderBytes - SlotBytes * Count(page) + DeadBytes(page);

    public static int UsedBytes(ReadOnlySpan<byte> page) => Capacity - FreeBytes(page);

    /// <summary>Bytes of a new cell with its slot.</summary>
    public static int CellBytes(int keyBytes, int payloadBytes) => SlotBytes + CellHeaderBytes + keyBytes + payloadBytes;

    public static int CellOffset(ReadOnlySpan<byte> page, int slot) =>
        BinaryPrimitives.ReadUInt16LittleEndian(page[(PageFormat.HeaderBytes + SlotBytes * slot)..]);

    public static ReadOnlySpan<byte> Key(ReadOnlySpan<byte> page, int slot)
    {
        var cell = CellOffset(page, slot);
        return page.Slice(cell + CellHeaderBytes, BinaryPrimitives.ReadUInt16LittleEndian(page[cell..]) & ~OverflowFlag);
    }

    public static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> page, int slot)
    {
        var (offset, length) = PayloadRange(page, slot);
        return page.Slice(offset, length);
    }

    /// <summary>Key and payload of a slot; true: the payload refers to an overflow run.</summary>
    public static bool ReadCell(ReadOnlySpan<byte> page, int slot, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> payload)
    {
        var cell = page[CellOffset(page, slot)..];
        var lengths = BinaryPrimitives.ReadUInt32LittleEndian(cell);
        var keyBytes = (int)(lengths & 0x7FFF);
        key = cell.Slice(CellHeaderBytes, keyBytes);
        payload = cell.Slice(CellHeaderBytes + keyBytes, (int)(lengths >> 16));
        return (lengths & OverflowFlag) != 0;
    }

    public static (int Offset, int Length) PayloadRange(ReadOnlySpan<byte> page, int slot)
    {
        var cell = CellOffset(page, slot);
        var key = BinaryPrimitives.ReadUInt16LittleEndian(page[cell..]) & ~OverflowFlag;
        return (cell + CellHeaderBytes + key, BinaryPrimitives.ReadUInt16LittleEndian(page[(cell + 2)..]));
    }

    public static bool IsOverflow(ReadOnlySpan<byte> page, int slot) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(page[CellOffset(page, slot)..]) & OverflowFlag) != 0;

    public static (long Page, int ValueBytes) OverflowReference(ReadOnlySpan<byte> payload) =>
        (BinaryPrimitives.ReadInt64LittleEndian(payload), BinaryPrimitives.ReadInt32LittleEndian(payload[8..]));

    /// <summary>What the value was put with besides; empty: nothing.</summary>
    public static ReadOnlySpan<byte> OverflowHead(ReadOnlySpan<byte> payload) => payload[OverflowReferenceBytes..];

    public static void WriteOverflowReference(Span<byte> payload, long page, int valueBytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, page);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], valueBytes);
    }

    public static long Child(ReadOnlySpan<byte> page, int slot) => BinaryPrimitives.ReadInt64LittleEndian(Payload(page, slot));

    /// <summary>The first slot whose key is not below <paramref name="key"/>.</summary>
    public static int Search(ReadOnlySpan<byte> page, ReadOnlySpan<byte> key, out bool found)
    {
        var count = Count(page);
        return Search(page, key, 0, count, out found);
    }

    /// <summary>The same, beginning at a slot near which it likely is, in steps that double. Negative: the page is empty.</summary>
    public static int Search(ReadOnlySpan<byte> page, ReadOnlySpan<byte> key, int likely, out bool found)
    {
        var (low, high) = (0, Count(page));
        for (var (at, step) = (likely, 1); at >= low && at < high; step *= 2)
        {
            var order = Key(page, at).SequenceCompareTo(key);
            if (order == 0)
            {
                found = true;
                return at;
            }
            if (order < 0)
                (low, at) = (at + 1, at + step);
            else
                (high, at) = (at, at - step);
        }
        return Search(page, key, low, high, out found);
    }

    /// <summary>The slot of the child whose range holds <paramref name="key"/>.</summary>
    public static int ChildSlot(ReadOnlySpan<byte> page, ReadOnlySpan<byte> key)
    {
        var slot = Search(page, key, out var found);
        return found || slot == 0 ? slot : slot - 1;
    }

    /// <summary>The same, beginning at a slot that it likely is.</summary>
    public static int ChildSlot(ReadOnlySpan<byte> page, ReadOnlySpan<byte> key, int likely)
    {
        var slot = Search(page, key, likely, out var found);
        return found || slot == 0 ? slot : slot - 1;
    }

    private static int Search(ReadOnlySpan<byte> page, ReadOnlySpan<byte> key, int low, int high, out bool found)
    {
        while (low < high)
        {
            var middle = (low + high) >> 1;
            var order = Key(page, middle).SequenceCompareTo(key);
            if (order == 0)
            {
                found = true;
                return middle;
            }
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        }
        found = false;
        return low;
    }
}
