namespace Storage.Core.Tree.Pages;

/// <summary>Buffers of single pages, used again from commit to commit. The tree's owner alone uses it.</summary>
internal sealed class PageBufferPool
{
    // 32 MiB: about two commits of the size that the shell makes under load. What is returned beyond it goes to the collector.
    private const int MaxIdle = 8192;

    private readonly Stack<PageBuffer> _idle = new();

    /// <summary>A one-page buffer with undefined content.</summary>
    public PageBuffer Rent()
    {
        if (!_idle.TryPop(out var buffer))
            return new PageBuffer(GC.AllocateUninitializedArray<byte>(PageFormat.PageBytes));
        buffer.IsSealed = false;
        buffer.IsDropped = false;
        return buffer;
    }

    /// <summary>Takes a buffer back that nothing refers to any more. Runs of several pages are left to the collector.</summary>
    public void Return(PageBuffer buffer)
    {
        if (buffer.Pages == 1 && _idle.Count < MaxIdle)
            _idle.Push(buffer);
    }
}
