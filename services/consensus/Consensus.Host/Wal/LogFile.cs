using System.Diagnostics;
using Consensus.Core.Wal;
using Microsoft.Win32.SafeHandles;

namespace Consensus.Host.Wal;

/// <summary>A real file. A read that runs while the file is closed ends first, or is told that the file is closed.</summary>
internal sealed class LogFile(string path, bool syncs, WalMetrics? metrics) : ILogFile
{
    private readonly SafeFileHandle _handle =
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public long Length => RandomAccess.GetLength(_handle);

    public int Read(Span<byte> buffer, long offset)
    {
        var read = RandomAccess.Read(_handle, buffer, offset);
        // A file that was closed meanwhile may have been deleted and cut short before it was read.
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        return read;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        var start = Stopwatch.GetTimestamp();
        RandomAccess.Write(_handle, bytes, offset);
        metrics?.WriteSeconds.ObserveSince(start);
        metrics?.WrittenBytes.Add(bytes.Length);
    }

    public void Sync()
    {
        if (!syncs)
            return;
        var start = Stopwatch.GetTimestamp();
        Native.DataSync(_handle);
        metrics?.SyncSeconds.ObserveSince(start);
    }

    public void Dispose() => _handle.Dispose();
}
