using System.Buffers.Binary;
using Storage.Contracts;

namespace Storage.Core.Leases;

/// <summary>A lease as replicated state knows it: deadlines are the lease manager's.</summary>
/// <param name="Id">Not 0; may be negative.</param>
/// <param name="TtlSeconds">Granted time to live.</param>
/// <param name="GrantedIndex">Log index of the grant: tells this lease from an earlier one with the same id.</param>
/// <param name="RemainingSeconds">What was left of it at its last checkpoint; 0: all of it, as far as is known.</param>
public sealed record Lease(long Id, long TtlSeconds, ulong GrantedIndex, long RemainingSeconds = 0)
{
    /// <summary>Bytes of <see cref="WriteKey"/>.</summary>
    public const int KeyBytes = 8;

    private const int ShortRecordBytes = 16, LongRecordBytes = 24;

    /// <summary>As the lease feed tells of it.</summary>
    public LeaseChange AsChange() => new(Id, TtlSeconds, Removed: false, RemainingSeconds) { GrantedAt = GrantedIndex };

    /// <summary>Key in the Leases table: the id, big-endian.</summary>
    public static byte[] WriteKey(long id)
    {
        var key = new byte[KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, id);
        return key;
    }

    /// <summary>Its row: TTL in seconds (i64), log index of the grant (u64), and, if there is a checkpoint, the remaining seconds (i64); little-endian.</summary>
    public static byte[] WriteRecord(long ttlSeconds, ulong grantedIndex, long remainingSeconds = 0)
    {
        var record = new byte[remainingSeconds == 0 ? ShortRecordBytes : LongRecordBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, ttlSeconds);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8), grantedIndex);
        if (remainingSeconds != 0)
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(ShortRecordBytes), remainingSeconds);
        return record;
    }

    /// <summary>A stored row.</summary>
    public static Lease Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record) => new(
        BinaryPrimitives.ReadInt64BigEndian(key), BinaryPrimitives.ReadInt64LittleEndian(record), BinaryPrimitives.ReadUInt64LittleEndian(record[8..]),
        record.Length < LongRecordBytes ? 0 : BinaryPrimitives.ReadInt64LittleEndian(record[ShortRecordBytes..]));
}
