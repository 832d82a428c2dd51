using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Storage.Core.Bolt;

namespace Storage.Host.Restore;

/// <summary>A snapshot as etcd's client saves it: a database, and behind it its SHA-256. Or a database alone, as it lies in a data directory.</summary>
public sealed class SnapshotFile : IBoltSource, IDisposable
{
    // etcd tells by this whether there is a digest: pages are a multiple of it.
    private const int SectorBytes = 512;

    private readonly SafeFileHandle _file;
    private readonly long _fileBytes;

    private SnapshotFile(SafeFileHandle file)
    {
        _file = file;
        _fileBytes = RandomAccess.GetLength(file);
        HasDigest = _fileBytes % SectorBytes == SHA256.HashSizeInBytes;
    }

    /// <summary>The file ends with a digest.</summary>
    public bool HasDigest { get; }

    /// <summary>Length of the database.</summary>
    public long Length => HasDigest ? _fileBytes - SHA256.HashSizeInBytes : _fileBytes;

    public static SnapshotFile Open(string path) => new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan));

    /// <summary>The digest behind the database, and the one that the database has. Reads all of it.</summary>
    public (byte[] Stored, byte[] Computed) Digests()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1024 * 1024];
        for (long at = 0; at < Length; at += buffer.Length)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - at));
            Read(at, piece);
            digest.AppendData(piece);
        }
        var stored = new byte[SHA256.HashSizeInBytes];
        Read(Length, stored);
        return (stored, digest.GetHashAndReset());
    }

    public void Read(long offset, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            var read = RandomAccess.Read(_file, target, offset);
            if (read == 0)
                throw new EndOfStreamException($"the snapshot became shorter while it was read: nothing is left at {offset}");
            offset += read;
            target = target[read..];
        }
    }

    public void Dispose() => _file.Dispose();
}
