namespace Storage.Core.Tree.Pages;

/// <summary>
/// Pages as they are on the device, each checked the first time it is read (I11). Any thread may read; the tree's owner alone calls
/// <see cref="Forget"/> and <see cref="Cover"/>.
/// </summary>
/// <remarks>
/// What was checked is remembered in one byte per page, so that threads that check different pages never share a write. Two that check
/// the same page write the same byte. A page is forgotten when it is allocated anew, and then no snapshot can reach it.
/// </remarks>
internal sealed class DevicePages(IPageDevice device)
{
    private const int PagesPerBlock = 1 << 15;

    // 256 KiB: systems fetch no more for one request than their disks like, and drop the rest.
    private const int MaxFetchedPages = 64;

    // So few pages between two that are wanted cost less than a request of their own.
    private const int MaxFetchedGap = 8;

    // Grown by the owner before a page beyond it is published; replaced whole, so a reader holds either the old or the new one.
    private byte[][] _checked = [];

    /// <summary>A branch or leaf.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="table">For the error's text.</param>
    /// <param name="newestTxn">The commit it is reached from.</param>
    public ReadOnlySpan<byte> Node(long page, TableId table, long newestTxn)
    {
        if (IsChecked(page, PageType.Branch))
            return device.Read(page * PageFormat.PageBytes, PageFormat.PageBytes);
        var bytes = Check(page, 1, newestTxn, table);
        if (PageFormat.Type(bytes) is not (PageType.Branch or PageType.Leaf))
            throw Corrupt(page, table, $"is of type {PageFormat.Type(bytes)}, not a branch or leaf");
        Remember(page, PageType.Branch);
        return bytes;
    }

    /// <summary>Where a node that was checked before is in memory, to be fetched ahead of its use; 0: it was not.</summary>
    public nint Locate(long page) =>
        IsChecked(page, PageType.Branch) ? CacheLines.AddressOf(device.Read(page * PageFormat.PageBytes, PageFormat.PageBytes)) : 0;

    /// <summary>Fetches pages that will be read soon; 0 is none. Those that follow each other in the file and here become one request.</summary>
    public void FetchAhead(ReadOnlySpan<long> numbers)
    {
        var (first, end) = (0L, 0L);
        foreach (var page in numbers)
        {
            if (page == 0)
                continue;
            if (end == 0 || page < end || page > end + MaxFetchedGap || page >= first + MaxFetchedPages)
            {
                FetchRun(first, end);
                first = page;
            }
            end = page + 1;
        }
        FetchRun(first, end);
    }

    /// <summary>The same, for the children of a branch.</summary>
    public void FetchChildren(ReadOnlySpan<byte> branch)
    {
        Span<long> children = stackalloc long[NodePage.Count(branch)];
        for (var slot = 0; slot < children.Length; slot++)
            children[slot] = NodePage.Child(branch, slot);
        FetchAhead(children);
    }

    /// <summary>Fetches a run of pages unless it is in memory.</summary>
    /// <returns>Its bytes, or 0.</returns>
    public int FetchAbsent(long page, int count)
    {
        var (offset, length) = (page * PageFormat.PageBytes, count * PageFormat.PageBytes);
        if (device.IsInMemory(offset, length))
            return 0;
        for (var at = 0; at < length; at += MaxFetchedPages * PageFormat.PageBytes)
            device.FetchAhead(offset + at, Math.Min(length - at, MaxFetchedPages * PageFormat.PageBytes));
        return length;
    }

    /// <summary>The value in an overflow run.</summary>
    public ReadOnlySpan<byte> Overflow(long page, int valueBytes, TableId table, long newestTxn)
    {
        var pages = PageFormat.RunPages(valueBytes);
        if (IsChecked(page, PageType.Overflow))
            return device.Read(page * PageFormat.PageBytes, pages * PageFormat.PageBytes).Slice(PageFormat.HeaderBytes, valueBytes);
        var bytes = Check(page, pages, newestTxn, table);
        if (PageFormat.Type(bytes) != PageType.Overflow || PageFormat.Extra(bytes) != pages)
            throw Corrupt(page, table, $"is no overflow run of {pages} pages");
        Remember(page, PageType.Overflow);
        return bytes.Slice(PageFormat.HeaderBytes, valueBytes);
    }

    /// <summary>A page of the free map, always checked: it is read once.</summary>
    public ReadOnlySpan<byte> Read(long page, PageType type, uint index, long newestTxn)
    {
        var bytes = Check(page, 1, newestTxn, null);
        if (PageFormat.Type(bytes) != type || PageFormat.Extra(bytes) != index)
            throw Corrupt(page, null, $"is not page {index} of the free map");
        return bytes;
    }

    /// <summary>The page is about to get new content.</summary>
    public void Forget(long page, int pages)
    {
        for (var i = 0; i < pages; i++)
            if (page + i >> 15 < _checked.Length)
                _checked[page + i >> 15][page + i & PagesPerBlock - 1] = 0;
    }

    /// <summary>Makes room to remember pages below <paramref name="pageCount"/>.</summary>
    public void Cover(long pageCount)
    {
        var blocks = (int)((pageCount + PagesPerBlock - 1) / PagesPerBlock);
        if (blocks <= _checked.Length)
            return;
        var grown = _checked;
        Array.Resize(ref grown, blocks);
        for (var i = _checked.Length; i < blocks; i++)
            grown[i] = new byte[PagesPerBlock];
        Volatile.Write(ref _checked, grown);
    }

    private void FetchRun(long first, long end)
    {
        if (end > first)
            device.FetchAhead(first * PageFormat.PageBytes, (int)(end - first) * PageFormat.PageBytes);
    }

    private bool IsChecked(long page, PageType type)
    {
        var blocks = Volatile.Read(ref _checked);
        var block = (ulong)page >> 15;
        return block < (ulong)blocks.Length && blocks[block][page & PagesPerBlock - 1] == (byte)type;
    }

    private void Remember(long page, PageType type)
    {
        var blocks = Volatile.Read(ref _checked);
        if (page >> 15 < blocks.Length)
            blocks[page >> 15][page & PagesPerBlock - 1] = (byte)type;
    }

    private ReadOnlySpan<byte> Check(long page, int pages, long newestTxn, TableId? table)
    {
        if (page < PageFormat.FirstDataPage || page > device.Length / PageFormat.PageBytes - pages)
            throw Corrupt(page, table, "lies outside the file");
        var offset = page * PageFormat.PageBytes;
        if (offset / device.ExtentBytes != (offset + (long)pages * PageFormat.PageBytes - 1) / device.ExtentBytes)
            throw Corrupt(page, table, $"begins a run of {pages} pages that crosses an extent");
        var bytes = device.Read(offset, pages * PageFormat.PageBytes);
        return PageFormat.FindFault(bytes, page, newestTxn) is { } fault ? throw Corrupt(page, table, fault) : bytes;
    }

    private static PageCorruptException Corrupt(long page, TableId? table, string what) =>
        new(page, table is { } known ? $"{what} (table {known.Name})" : what);
}
