using Storage.Core.Tree;

namespace Bench.Store;

/// <summary>A data file that is only memory: what the state machine costs without a disk under it.</summary>
internal sealed class MemoryDevice : IPageDevice
{
    private byte[][] _extents = [];

    public long Length { get; private set; }

    public int ExtentBytes => 16 * 1024 * 1024;

    public void SetLength(long length)
    {
        var count = (int)((length + ExtentBytes - 1) / ExtentBytes);
        var extents = _extents;
        var old = extents.Length;
        if (count > old)
        {
            Array.Resize(ref extents, count);
            for (var i = old; i < count; i++)
                extents[i] = new byte[ExtentBytes];
            _extents = extents;
        }
        Length = length;
    }

    public ReadOnlySpan<byte> Read(long offset, int length) =>
        length == 0 ? default : _extents[offset / ExtentBytes].AsSpan((int)(offset % ExtentBytes), length);

    public void FetchAhead(long offset, int length)
    {
    }

    public bool IsInMemory(long offset, int length) => true;

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var within = (int)(offset % ExtentBytes);
            var part = Math.Min(data.Length, ExtentBytes - within);
            data[..part].CopyTo(_extents[offset / ExtentBytes].AsSpan(within));
            data = data[part..];
            offset += part;
        }
    }

    public void Sync()
    {
    }
}
