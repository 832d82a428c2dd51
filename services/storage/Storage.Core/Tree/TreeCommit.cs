using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>The sealed pages of one transaction. Made by the tree's owner, carried out on one other thread, handed back.</summary>
internal sealed class TreeCommit(MetaPage meta, List<PageBuffer> pages, List<PageBuffer> dropped, byte[] staging) : ITreeCommit
{
    private const int MinGrowthBytes = 64 * 1024;
    private const int MaxGrowthBytes = 64 * 1024 * 1024;

    public MetaPage Meta => meta;

    public List<PageBuffer> Pages => pages;

    /// <summary>Buffers that the transaction made and freed itself; they only go back to the pool.</summary>
    public List<PageBuffer> Dropped => dropped;

    public bool IsWritten { get; private set; }

    public void WriteTo(IPageDevice device)
    {
        Grow(device);
        pages.Sort(static (a, b) => a.Page.CompareTo(b.Page));
        WritePages(device);
        // The meta page must not reach the disk before what it refers to.
        device.Sync();
        meta.WriteTo(staging.AsSpan(0, PageFormat.PageBytes));
        device.Write(meta.Slot * PageFormat.PageBytes, staging.AsSpan(0, PageFormat.PageBytes));
        device.Sync();
        IsWritten = true;
    }

    /// <summary>In steps of an eighth: few steps for a large file, little waste for a small one.</summary>
    private void Grow(IPageDevice device)
    {
        var needed = meta.PageCount * PageFormat.PageBytes;
        if (needed <= device.Length)
            return;
        var step = Math.Clamp((needed >> 3) & -MinGrowthBytes, MinGrowthBytes, MaxGrowthBytes);
        device.SetLength((needed + step - 1) / step * step);
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
