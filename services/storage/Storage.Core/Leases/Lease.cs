using System.Buffers.Binary;

namespace Storage.Core.Leases;

/// <summary>A lease as replicated state knows it: deadlines are the lease manager's.</summary>
/// <param name="Id">Not 0; may be negative.</param>
/// <param name="TtlSeconds">Granted time to live.</param>
/// <param name="GrantedIndex">Log index of the grant: tells this lease from an earlier one with the same id.</param>
public sealed record Lease(long Id, long TtlSeconds, ulong GrantedIndex)
{
    /// <summary>Bytes of <see cref="WriteKey"/>.</summary>
    public const int KeyBytes = 8;

    /// <summary>Key in the Leases table: the id, big-endian.</summary>
    public static byte[] WriteKey(long id)
    {
        var key = new byte[KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, id);
        return key;
    }

    /// <summary>Its row: TTL in seconds (i64), log index of the grant (u64), little-endian.</summary>
    public static byte[] WriteRecord(long ttlSeconds, ulong grantedIndex)
    {
        var record = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(record, ttlSeconds);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8), grantedIndex);
        return record;
    }
}
