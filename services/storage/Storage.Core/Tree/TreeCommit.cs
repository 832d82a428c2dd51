using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>The sealed pages of one transaction. Made by the tree's owner, carried out on one other thread, handed back.</summary>
internal sealed class TreeCommit(MetaPage meta, List<PageBuffer> pages, List<PageBuffer> dropped, FileLength length, byte[] staging) : ITreeCommit
{
    public MetaPage Meta => meta;

    public List<PageBuffer> Pages => pages;

    /// <summary>Buffers that the transaction made and freed itself; they only go back to the pool.</summary>
    public List<PageBuffer> Dropped => dropped;

    public bool IsWritten { get; private set; }

    public void WriteTo(IPageDevice device)
    {
        if (FileLength.Grown(meta.PageCount, device.Length) is { } grown)
            device.SetLength(grown);
        pages.Sort(static (a, b) => a.Page.CompareTo(b.Page));
        WritePages(device);
        // The meta page must not reach the disk before what it refers to.
        device.Sync();
        meta.WriteTo(staging.AsSpan(0, PageFormat.PageBytes));
        device.Write(meta.Slot * PageFormat.PageBytes, staging.AsSpan(0, PageFormat.PageBytes));
        device.Sync();
        // Not synced: should it get lost, the file is longer than it has to be. The pages cut off are none of either meta page's, nor any reader's.
        if (length.Shrunk(device.Length) is { } shrunk)
            device.SetLength(shrunk);
        IsWritten = true;
    }

    /// <summary>Neighbouring pages go out together.</summary>
    private void WritePages(IPageDevice device)
    {
        var first = 0L;
        var bytes = 0;
        foreach (var buffer in pages)
        {
            var isLarge = buffer.Bytes.Length > staging.Length / 2;
            if (bytes > 0 && (isLarge || buffer.Page != first + bytes / PageFormat.PageBytes || bytes + buffer.Bytes.Length > staging.Length))
            {
                device.Write(first * PageFormat.PageBytes, staging.AsSpan(0, bytes));
                bytes = 0;
            }
            if (isLarge)
            {
                // Not copied. The checksum is the only part that changes, and the owner does not look at it.
                PageFormat.WriteChecksum(buffer.Bytes);
                device.Write(buffer.Page * PageFormat.PageBytes, buffer.Bytes);
                continue;
            }
            if (bytes == 0)
                first = buffer.Page;
            var target = staging.AsSpan(bytes, buffer.Bytes.Length);
            buffer.Bytes.CopyTo(target);
            PageFormat.WriteChecksum(target);
            bytes += buffer.Bytes.Length;
        }
        if (bytes > 0)
            device.Write(first * PageFormat.PageBytes, staging.AsSpan(0, bytes));
    }
}
