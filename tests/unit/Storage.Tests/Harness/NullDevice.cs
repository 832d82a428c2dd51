using Storage.Core.Tree;

namespace Storage.Tests.Harness;

/// <summary>The disk under a <see cref="MemoryTree"/>: only its syncs matter, and that they can fail.</summary>
internal sealed class NullDevice : IPageDevice
{
    public Exception? SyncFailure { get; set; }
    public long Length => 0;
    public int ExtentBytes => 1 << 20;

    public void SetLength(long length)
    {
    }

    public ReadOnlySpan<byte> Read(long offset, int length) => throw new NotSupportedException();

    public void FetchAhead(long offset, int length)
    {
    }

    public bool IsInMemory(long offset, int length) => true;

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
    }

    public void Sync()
    {
        if (SyncFailure is not null)
            throw SyncFailure;
    }
}
