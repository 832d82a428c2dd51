using System.Numerics;
using System.Runtime.InteropServices;

namespace Consensus.Core.Wal;

/// <summary>What a record of the write-ahead log holds.</summary>
public enum WalRecordType : byte
{
    /// <summary>First record of every segment: whose log this is and where the segment continues it.</summary>
    Metadata = 1,

    /// <summary>Term, vote and commit index.</summary>
    HardState = 2,

    /// <summary>Consecutive entries of one term; they replace what was stored from their first index on.</summary>
    Entries = 3,

    /// <summary>A configuration entry of an earlier segment, repeated in the head of this one.</summary>
    Configuration = 4,
}

/// <summary>The framing of the write-ahead log, version 2. All numbers are little-endian.</summary>
/// <remarks>
/// <code>
/// record at a multiple of 8:
///   0  u32 payload length
///   4  u32 CRC-32C
///   8  u8  type
///   9  u8  version
///  10  u8  1 in the last record of a group, else 0
///  11  u8  0
///  12  u32 offset of the first record of the same group
///  16  payload, then zeros up to a multiple of 8
/// </code>
/// A group is what one fdatasync makes durable; it never spans segments, and counts only when it is whole. The checksum is seeded with the segment's
/// sequence and the record's offset, so a record is valid only where it was written: neither a stale block nor a user's value that
/// looks like a record can be taken for one. A header of zeros is the end of the log.
/// </remarks>
public static class WalFormat
{
    public const byte Version = 2;
    public const int HeaderBytes = 16;
    public const int Alignment = 8;

    /// <summary>Entries are split over records beyond this size; one larger entry has a record of its own.</summary>
    public const int TargetRecordBytes = 1024 * 1024;

    /// <summary>No record is larger; a length beyond it is damage.</summary>
    public const int MaxPayloadBytes = 64 * 1024 * 1024;

    /// <summary>Bytes a record with this payload takes in the segment.</summary>
    public static int RecordBytes(int payloadBytes) => (HeaderBytes + payloadBytes + Alignment - 1) & -Alignment;

    internal static uint Checksum(ulong segment, long offset, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, segment);
        crc = BitOperations.Crc32C(crc, (ulong)offset);
        crc = Crc32C(crc, header[..4]);
        crc = Crc32C(crc, header[8..HeaderBytes]);
        return ~Crc32C(crc, payload);
    }

    private static uint Crc32C(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}
