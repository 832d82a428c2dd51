using Microsoft.Win32.SafeHandles;

namespace Consensus.Host.Wal;

/// <summary>What the write-ahead log asks of the disk. Tests replace single methods to make the disk fail.</summary>
public class WalDisk
{
    private static readonly byte[] Zeros = new byte[1024 * 1024];

    /// <summary>
    /// Creates a file of zeros whose blocks are all written, so that later writes need no metadata and fdatasync suffices.
    /// </summary>
    /// <exception cref="IOException">No space; nothing is left behind.</exception>
    public virtual void Preallocate(string path, long bytes)
    {
        try
        {
            // Reserving first fails at once when there is no space. Reserved blocks alone would not do: the first write to each
            // still changes metadata.
            using var file = File.OpenHandle(
                path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, preallocationSize: bytes);
            WriteZeros(file, 0, bytes);
            RandomAccess.FlushToDisk(file);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes at an offset.</summary>
    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) =>
        RandomAccess.Write(file, bytes, offset);

    /// <summary>Returns once everything written is on stable storage.</summary>
    public virtual void Sync(SafeFileHandle file) => Native.DataSync(file);

    /// <summary>Overwrites [from, to) with zeros.</summary>
    public void WriteZeros(SafeFileHandle file, long from, long to)
    {
        for (var at = from; at < to; at += Zeros.Length)
            Write(file, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, to - at)), at);
    }
}
