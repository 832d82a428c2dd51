using System.Buffers.Binary;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.Tree;

namespace Storage.Core.State;

/// <summary>The numbers that are stored with every tree commit, under one key of the Meta table: 8 bytes each, little-endian.</summary>
internal readonly record struct MetaRecord(
    ulong AppliedIndex, ulong AppliedTerm, long Revision, long CompactRevision, long SweptRevision,
    long V2InitialIndex, long V2Index, long V2LastNodeId, ClaimState Claim, long ClockUnixNanos)
{
    // Format 1 knew of a claim only its epoch: it is read, and means that nobody stands by.
    private const long Format = 2, FormatWithoutSigns = 1;
    private const int Fields = 14, FieldsWithoutSigns = 11;

    private static ReadOnlySpan<byte> Key => "state"u8;

    /// <summary>Whether it stands under this key of the Meta table.</summary>
    public static bool IsAt(ReadOnlySpan<byte> key) => key.SequenceEqual(Key);

    public void Save(ITree tree)
    {
        ReadOnlySpan<long> values =
        [
            Format, (long)AppliedIndex, (long)AppliedTerm, Revision, CompactRevision, SweptRevision,
            V2InitialIndex, V2Index, V2LastNodeId, (long)Claim.Epoch, ClockUnixNanos,
            (long)Claim.HeldAt.Value, (long)Claim.StandbyAt.Value, Claim.IsReleased ? 1 : 0,
        ];
        Span<byte> record = stackalloc byte[Fields * 8];
        for (var i = 0; i < Fields; i++)
            BinaryPrimitives.WriteInt64LittleEndian(record[(i * 8)..], values[i]);
        tree.Put(TableId.Meta, Key, record);
    }

    /// <summary>The stored numbers; false for a fresh file.</summary>
    /// <exception cref="InvalidDataException">Written by a newer version.</exception>
    public static bool TryLoad(ITree tree, out MetaRecord meta)
    {
        meta = default;
        return tree.TryGet(TableId.Meta, Key, out var record) && TryRead(record, out meta);
    }

    /// <summary>The same, of a commit.</summary>
    public static bool TryLoad(ITreeSnapshot snapshot, out MetaRecord meta)
    {
        meta = default;
        return snapshot.TryGet(TableId.Meta, Key, out var record) && TryRead(record, out meta);
    }

    private static bool TryRead(ReadOnlySpan<byte> record, out MetaRecord meta)
    {
        var format = record.Length < 8 ? 0 : BinaryPrimitives.ReadInt64LittleEndian(record);
        if ((format, record.Length) is not ((Format, Fields * 8) or (FormatWithoutSigns, FieldsWithoutSigns * 8)))
            throw new InvalidDataException("the data file was written by a newer version");
        Span<long> values = stackalloc long[Fields];
        values.Clear();
        for (var i = 0; i < record.Length / 8; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(record[(i * 8)..]);
        meta = new MetaRecord(
            (ulong)values[1], (ulong)values[2], values[3], values[4], values[5], values[6], values[7], values[8],
            new ClaimState((ulong)values[9], new LogIndex((ulong)values[11]), new LogIndex((ulong)values[12]), values[13] != 0), values[10]);
        return true;
    }
}
