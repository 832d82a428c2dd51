using System.Buffers.Binary;

namespace Storage.Core.Mvcc;

/// <summary>
/// The key of a stored revision, as in etcd's own file: main (8 bytes big-endian), '_', sub (8 bytes big-endian), and a
/// 't' behind it when the revision is a tombstone.
/// </summary>
public static class RevisionKey
{
    /// <summary>Longest form, that of a tombstone.</summary>
    public const int MaxBytes = 18;
    private const int PutBytes = 17;

    /// <summary>Writes the key and returns the part of <paramref name="target"/> that holds it.</summary>
    public static ReadOnlySpan<byte> Write(Span<byte> target, Revision revision, bool tombstone)
    {
        BinaryPrimitives.WriteInt64BigEndian(target, revision.Main);
        target[8] = (byte)'_';
        BinaryPrimitives.WriteInt64BigEndian(target[9..], revision.Sub);
        if (!tombstone)
            return target[..PutBytes];
        target[PutBytes] = (byte)'t';
        return target[..MaxBytes];
    }

    /// <summary>Reads a key; false when the bytes are none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> key, out Revision revision, out bool tombstone)
    {
        revision = default;
        tombstone = key.Length == MaxBytes && key[PutBytes] == 't';
        if ((key.Length != PutBytes && !tombstone) || key[8] != '_')
            return false;
        var sub = BinaryPrimitives.ReadInt64BigEndian(key[9..]);
        if (sub is < 0 or > int.MaxValue)
            return false;
        revision = new Revision(BinaryPrimitives.ReadInt64BigEndian(key), (int)sub);
        return true;
    }
}
