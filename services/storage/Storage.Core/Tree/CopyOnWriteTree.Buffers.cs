using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Making, copying and giving up pages in the running transaction.</summary>
public sealed partial class CopyOnWriteTree
{
    private PageBuffer NewNode(int level)
    {
        var buffer = NewPage();
        NodeWriter.Format(buffer.Bytes, level);
        PageFormat.SetOwner(buffer.Bytes, buffer.Page, _txn);
        return buffer;
    }

    /// <summary>The page as one that may be changed: itself when it is dirty, else a copy at a new place.</summary>
    private PageBuffer MakeWritable(long page, TableId table)
    {
        if (_memory.TryGetValue(page, out var buffer) && !buffer.IsSealed)
            return buffer;
        var source = buffer is null ? _pages.Node(page, table, _published.Txn) : buffer.Bytes;
        var copy = NewPage();
        source.CopyTo(copy.Bytes);
        PageFormat.SetOwner(copy.Bytes, copy.Page, _txn);
        _space.FreeLater(page, 1);
        return copy;
    }

    private void FreePages(long page, int pages)
    {
        if (!_memory.TryGetValue(page, out var buffer) || buffer.IsSealed)
        {
            _space.FreeLater(page, pages);
            return;
        }
        _memory.Remove(page);
        buffer.IsDropped = true;
        _dirtyPages -= pages;
        _space.FreeNow(page, pages);
    }

    /// <summary>Makes an overflow run of pages that are allocated.</summary>
    private void WriteOverflow(long page, int pages, ReadOnlySpan<byte> value)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(pages * PageFormat.PageBytes);
        bytes.AsSpan(0, PageFormat.HeaderBytes).Clear();
        value.CopyTo(bytes.AsSpan(PageFormat.HeaderBytes));
        bytes.AsSpan(PageFormat.HeaderBytes + value.Length).Clear();
        var buffer = new PageBuffer(bytes) { Page = page };
        PageFormat.SetType(bytes, PageType.Overflow);
        PageFormat.SetExtra(bytes, (uint)pages);
        PageFormat.SetOwner(bytes, buffer.Page, _txn);
        Track(buffer);
    }

    private PageBuffer NewPage()
    {
        var buffer = _pool.Rent();
        buffer.Page = _space.Allocate();
        Track(buffer);
        return buffer;
    }

    private void Track(PageBuffer buffer)
    {
        _pages.Forget(buffer.Page, buffer.Pages);
        _memory.Add(buffer.Page, buffer);
        _dirty.Add(buffer);
        _dirtyPages += buffer.Pages;
    }
}
