using System.Buffers.Binary;
using Storage.Core.Tree;

namespace Storage.Core.Snapshots;

/// <summary>One row in the form of <see cref="Contracts.SnapshotRows"/>.</summary>
internal static class SnapshotRow
{
    private const int HeaderBytes = 7;

    public static int Length(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => HeaderBytes + key.Length + value.Length;

    public static void Write(Span<byte> target, TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        target[0] = table.Value;
        BinaryPrimitives.WriteUInt16LittleEndian(target[1..], (ushort)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[3..], value.Length);
        key.CopyTo(target[HeaderBytes..]);
        value.CopyTo(target[(HeaderBytes + key.Length)..]);
    }

    /// <summary>Takes the first row off <paramref name="rows"/>; false when the bytes are no row.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> rows, out TableId table, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        table = default;
        key = value = default;
        if (rows.Length < HeaderBytes)
            return false;
        table = new TableId(rows[0]);
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(rows[1..]);
        var valueLength = BinaryPrimitives.ReadInt32LittleEndian(rows[3..]);
        var rest = rows[HeaderBytes..];
        if (keyLength is 0 or > CopyOnWriteTree.MaxKeyBytes || valueLength is < 0 or > CopyOnWriteTree.MaxValueBytes
            || valueLength > rest.Length - keyLength)
            return false;
        key = rest[..keyLength];
        value = rest.Slice(keyLength, valueLength);
        rows = rest[(keyLength + valueLength)..];
        return true;
    }
}
