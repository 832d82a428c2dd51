using Consensus.Core.Wal;
using Microsoft.Win32.SafeHandles;

namespace Consensus.Host.Wal;

/// <summary>A real file. A read that runs while the file is closed ends first, or is told that the file is closed.</summary>
internal sealed class LogFile(string path, bool syncs) : ILogFile
{
    private readonly SafeFileHandle _handle =
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public long Length => RandomAccess.GetLength(_handle);

    public int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_handle, buffer, offset);

    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

    public void Sync()
    {
        if (syncs)
            Native.DataSync(_handle);
    }

    public void Dispose() => _handle.Dispose();
}
