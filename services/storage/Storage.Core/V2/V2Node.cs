using System.Buffers.Binary;
using System.Text;

namespace Storage.Core.V2;

/// <summary>A file or directory of the v2 tree. Immutable: a change makes another one with the same <see cref="Id"/>.</summary>
/// <param name="Id">Its key in the V2Nodes table, from 1 up; a path may be longer than a key of the tree.</param>
/// <param name="Path">Cleaned, beginning with '/'. The root is no node.</param>
/// <param name="IsDirectory">Directories have no value.</param>
/// <param name="Value">UTF-8.</param>
/// <param name="ExpiresAtUnixNanos">Absolute deadline; null is permanent.</param>
/// <param name="ModifiedIndex">v2 index of the last change shown.</param>
/// <param name="CreatedIndex">v2 index of the creation.</param>
public sealed record V2Node(
    long Id, string Path, bool IsDirectory, byte[] Value, long? ExpiresAtUnixNanos, long ModifiedIndex, long CreatedIndex)
{
    private const int FixedBytes = 29;
    private const byte DirectoryFlag = 1, ExpiresFlag = 2;

    /// <summary>Stored form: flags (u8), deadline, modified, created (i64), path length (i32), path, value; little-endian.</summary>
    public byte[] Encode()
    {
        var pathBytes = Encoding.UTF8.GetByteCount(Path);
        var record = new byte[FixedBytes + pathBytes + Value.Length];
        record[0] = (byte)((IsDirectory ? DirectoryFlag : 0) | (ExpiresAtUnixNanos is null ? 0 : ExpiresFlag));
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(1), ExpiresAtUnixNanos ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(9), ModifiedIndex);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(17), CreatedIndex);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(25), pathBytes);
        Encoding.UTF8.GetBytes(Path, record.AsSpan(FixedBytes));
        Value.CopyTo(record.AsSpan(FixedBytes + pathBytes));
        return record;
    }

    /// <summary>Reads the stored form.</summary>
    public static V2Node Decode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
    {
        var pathBytes = BinaryPrimitives.ReadInt32LittleEndian(record[25..]);
        return new V2Node(
            BinaryPrimitives.ReadInt64BigEndian(key),
            Encoding.UTF8.GetString(record.Slice(FixedBytes, pathBytes)),
            (record[0] & DirectoryFlag) != 0,
            record[(FixedBytes + pathBytes)..].ToArray(),
            (record[0] & ExpiresFlag) != 0 ? BinaryPrimitives.ReadInt64LittleEndian(record[1..]) : null,
            BinaryPrimitives.ReadInt64LittleEndian(record[9..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[17..]));
    }
}
