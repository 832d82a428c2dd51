using System.Buffers.Binary;
using Consensus.Contracts;

namespace Storage.Core.Leases;

/// <summary>A lease as replicated state knows it: deadlines are the lease manager's.</summary>
/// <param name="Id">Not 0; may be negative.</param>
/// <param name="TtlSeconds">Granted time to live.</param>
/// <param name="GrantedAt">Log index of the grant: tells it from an earlier lease of the same id.</param>
public sealed record Lease(long Id, long TtlSeconds, LogIndex GrantedAt)
{
    private const int RecordBytes = 16;

    /// <summary>Bytes of <see cref="WriteKey"/>.</summary>
    public const int KeyBytes = 8;

    /// <summary>Key in the Leases table: the id, big-endian.</summary>
    public static byte[] WriteKey(long id)
    {
        var key = new byte[KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, id);
        return key;
    }

    /// <summary>Record in the Leases table: TTL and index of the grant, each 8 bytes little-endian.</summary>
    public byte[] WriteRecord()
    {
        var record = new byte[RecordBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, TtlSeconds);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8), GrantedAt.Value);
        return record;
    }

    /// <summary>Reads a row of the Leases table.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static Lease Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
    {
        if (key.Length != KeyBytes || record.Length != RecordBytes)
            throw new InvalidDataException($"a row of {key.Length} and {record.Length} bytes is no lease");
        return new Lease(
            BinaryPrimitives.ReadInt64BigEndian(key), BinaryPrimitives.ReadInt64LittleEndian(record),
            new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(record[8..])));
    }
}
