using System.Buffers.Binary;
using System.Numerics;
using Storage.Core.Tree.Pages;
using Storage.Core.Tree.Space;

namespace Storage.Core.Tree;

/// <summary>
/// Walks a whole file that no tree has open and tells everything that is wrong with it. Trusts nothing that it has not checked, so
/// that it ends on any input.
/// </summary>
public sealed class TreeCheck
{
    private readonly IPageDevice _device;
    private readonly MetaPage _meta;
    private readonly IHeadCheck? _heads;
    private readonly List<CheckFinding> _findings = [];
    private readonly PageBitmap _used = new();
    private readonly PageBitmap _unused = new();
    private readonly TableCount[] _counts = new TableCount[MetaPage.MaxTables];
    private long _freeMapPages;

    private TreeCheck(IPageDevice device, MetaPage meta, IHeadCheck? heads) => (_device, _meta, _heads) = (device, meta, heads);

    /// <summary>Findings in the order of discovery; none when the file is sound. Reads every page that is in use.</summary>
    /// <param name="device">The file.</param>
    /// <param name="heads">Whether heads are those of their values; null: not looked at.</param>
    /// <exception cref="DataFileException">There is no meta page to begin from.</exception>
    public static IReadOnlyList<CheckFinding> Run(IPageDevice device, IHeadCheck? heads = null) => Examine(device, heads).Findings;

    /// <summary>The same, and what the file consists of.</summary>
    /// <exception cref="DataFileException">There is no meta page to begin from.</exception>
    public static TreeReport Examine(IPageDevice device, IHeadCheck? heads = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        var check = new TreeCheck(device, DataFile.FindNewest(device), heads);
        check.CheckMetaPages();
        check.CheckFreeMap();
        for (var table = 0; table < MetaPage.MaxTables; table++)
            if (check._meta.Roots[table] is not 0 and var root)
                check.CheckNode(root, new TableId((byte)table), expectedLevel: -1, [], null);
        check.CheckSpace();
        return new TreeReport(
            check._meta.Txn, check._meta.PageCount, check._unused.Count, check._freeMapPages,
            [.. check._counts.Select(static (count, table) => count with { Table = new TableId((byte)table) }).Where(static count => count.Pages > 0)],
            check._findings);
    }

    private void CheckMetaPages()
    {
        for (var slot = 0; slot < PageFormat.FirstDataPage; slot++)
        {
            var state = MetaPage.Read(_device.Read((long)slot * PageFormat.PageBytes, PageFormat.PageBytes), slot, out _);
            if (state != MetaPageState.Valid)
                _findings.Add(new CheckFinding(slot, false, $"meta page is {state}; the file opens at commit {_meta.Txn} of the other one"));
        }
        if (_meta.PageCount > _device.Length / PageFormat.PageBytes)
            Add(_meta.Slot, $"page count {_meta.PageCount} is more than the file holds");
    }

    private void CheckFreeMap()
    {
        for (var d = 0; d < _meta.Directories.Length; d++)
        {
            if (!TryUse(_meta.Directories[d], 1, $"directory {d} of the free map", out var directory)
                || !HasType(_meta.Directories[d], directory, PageType.FreeDirectory, (uint)d))
                continue;
            _freeMapPages++;
            for (var i = 0; i < NodePage.Capacity / sizeof(long); i++)
            {
                var page = BinaryPrimitives.ReadInt64LittleEndian(directory[(PageFormat.HeaderBytes + sizeof(long) * i)..]);
                if (page != 0)
                    CheckMap(page, d * (NodePage.Capacity / sizeof(long)) + i);
            }
        }
    }

    private void CheckMap(long page, int index)
    {
        if (!TryUse(page, 1, $"map {index} of the free map", out var map) || !HasType(page, map, PageType.FreeMap, (uint)index))
            return;
        _freeMapPages++;
        for (var at = 0; at < NodePage.Capacity; at++)
            for (int bits = map[PageFormat.HeaderBytes + at]; bits != 0; bits &= bits - 1)
                MarkUnused(page, (long)index * FreeMap.PagesPerMap + at * 8L + BitOperations.TrailingZeroCount(bits));
    }

    private void MarkUnused(long map, long unused)
    {
        if (unused < PageFormat.FirstDataPage || unused >= _meta.PageCount)
            Add(map, $"calls page {unused} unused, which is no data page of the file");
        else
            _unused.Add(unused);
    }

    /// <summary>A node and everything below it. Its keys must lie in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    private void CheckNode(long page, TableId table, int expectedLevel, byte[] from, byte[]? to)
    {
        if (!TryUse(page, 1, $"table {table.Name}", out var node))
            return;
        var level = PageFormat.Level(node);
        var isNode = PageFormat.Type(node) == (level == 0 ? PageType.Leaf : PageType.Branch);
        if (!isNode || (expectedLevel >= 0 && level != expectedLevel))
        {
            Add(page, $"is {PageFormat.Type(node)} at level {level}, level {expectedLevel} is expected (table {table.Name})");
            return;
        }
        if (!HasSoundCells(node))
        {
            Add(page, $"its cells do not lie inside it (table {table.Name})");
            return;
        }
        CheckKeys(page, node, table, from, to);
        var count = NodePage.Count(node);
        ref var counts = ref _counts[table.Value];
        counts = level == 0 ? counts with { Leaves = counts.Leaves + 1, Rows = counts.Rows + count } : counts with { Branches = counts.Branches + 1 };
        for (var slot = 0; slot < count; slot++)
        {
            if (level == 0)
                CheckOverflow(page, node, slot, table);
            else
                CheckNode(
                    NodePage.Child(node, slot), table, level - 1,
                    slot == 0 ? from : NodePage.Key(node, slot).ToArray(),
                    slot + 1 < count ? NodePage.Key(node, slot + 1).ToArray() : to);
        }
    }

    private void CheckKeys(long page, ReadOnlySpan<byte> node, TableId table, byte[] from, byte[]? to)
    {
        var isLeaf = PageFormat.Level(node) == 0;
        var count = NodePage.Count(node);
        if (count == 0)
            Add(page, $"is empty (table {table.Name})");
        if (!isLeaf && count > 0 && !NodePage.Key(node, 0).IsEmpty)
            Add(page, $"its first child has a key (table {table.Name})");
        for (var slot = isLeaf ? 0 : 1; slot < count; slot++)
        {
            var key = NodePage.Key(node, slot);
            if (slot > 0 && NodePage.Key(node, slot - 1).SequenceCompareTo(key) >= 0)
                Add(page, $"key {slot} is not above the one before it (table {table.Name})");
            if (key.SequenceCompareTo(from) < 0 || (to is not null && key.SequenceCompareTo(to) >= 0))
                Add(page, $"key {slot} is outside what the parent says (table {table.Name})");
        }
    }

    private void CheckOverflow(long leafPage, ReadOnlySpan<byte> leaf, int slot, TableId table)
    {
        if (!NodePage.IsOverflow(leaf, slot))
            return;
        var payload = NodePage.Payload(leaf, slot);
        var (page, valueBytes) = NodePage.OverflowReference(payload);
        if (valueBytes < 0)
        {
            Add(page, $"overflow run of {valueBytes} bytes (table {table.Name})");
            return;
        }
        var pages = PageFormat.RunPages(valueBytes);
        if (!TryUse(page, pages, $"table {table.Name}", out var run) || !HasType(page, run, PageType.Overflow, (uint)pages))
            return;
        _counts[table.Value] = _counts[table.Value] with { OverflowPages = _counts[table.Value].OverflowPages + pages };
        var head = NodePage.OverflowHead(payload);
        if (!head.IsEmpty && _heads is not null && !_heads.IsHeadOf(table, head, run.Slice(PageFormat.HeaderBytes, valueBytes)))
            Add(leafPage, $"head of row {slot} is not that of its value on page {page} (table {table.Name})");
    }

    private void CheckSpace()
    {
        for (var page = PageFormat.FirstDataPage; page < _meta.PageCount; page++)
        {
            var isUsed = _used.Contains(page);
            if (isUsed == _unused.Contains(page))
                Add(page, isUsed ? "is in use, and the free map calls it unused" : "is lost: neither in use nor in the free map");
        }
        if (_unused.Count != _meta.UnusedPages)
            Add(_meta.Slot, $"meta page counts {_meta.UnusedPages} unused pages, the free map {_unused.Count}");
    }

    /// <summary>Checks and claims a run of pages; false when it cannot be read.</summary>
    private bool TryUse(long page, int pages, string owner, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (page < PageFormat.FirstDataPage || page > Math.Min(_meta.PageCount, _device.Length / PageFormat.PageBytes) - pages)
        {
            Add(page, $"lies outside the file ({owner})");
            return false;
        }
        if (page / _meta.ExtentPages != (page + pages - 1) / _meta.ExtentPages)
        {
            Add(page, $"run of {pages} pages crosses an extent ({owner})");
            return false;
        }
        for (var i = 0; i < pages; i++)
        {
            if (_used.Contains(page + i))
            {
                Add(page + i, $"is used twice ({owner})");
                return false;
            }
            _used.Add(page + i);
        }
        bytes = _device.Read(page * PageFormat.PageBytes, pages * PageFormat.PageBytes);
        if (PageFormat.FindFault(bytes, page, _meta.Txn) is not { } fault)
            return true;
        Add(page, $"{fault} ({owner})");
        return false;
    }

    private bool HasType(long page, ReadOnlySpan<byte> bytes, PageType type, uint extra)
    {
        if (PageFormat.Type(bytes) == type && PageFormat.Extra(bytes) == extra)
            return true;
        Add(page, $"is {PageFormat.Type(bytes)} {PageFormat.Extra(bytes)}, {type} {extra} is expected");
        return false;
    }

    /// <summary>Slots and cells inside the page, children and references of their sizes: what the readers of a node rely on.</summary>
    private static bool HasSoundCells(ReadOnlySpan<byte> node)
    {
        var isLeaf = PageFormat.Level(node) == 0;
        var count = NodePage.Count(node);
        var cells = PageFormat.HeaderBytes + NodePage.SlotBytes * count;
        if (cells > PageFormat.PageBytes)
            return false;
        for (var slot = 0; slot < count; slot++)
        {
            var cell = NodePage.CellOffset(node, slot);
            if (cell < cells || cell + NodePage.CellHeaderBytes > PageFormat.PageBytes)
                return false;
            var (payload, length) = NodePage.PayloadRange(node, slot);
            var isReference = NodePage.IsOverflow(node, slot);
            if (payload + length > PageFormat.PageBytes
                || (!isLeaf && length != NodePage.ChildBytes)
                || (isReference && (!isLeaf || length is < NodePage.OverflowReferenceBytes or > NodePage.OverflowReferenceBytes + CopyOnWriteTree.MaxHeadBytes)))
                return false;
        }
        return true;
    }

    private void Add(long page, string what)
    {
        if (_findings.Count < TreeReport.MaxFindings)
            _findings.Add(new CheckFinding(page, true, what));
    }
}
