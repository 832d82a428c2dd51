using System.Buffers.Binary;

namespace Consensus.Core.Wal;

/// <summary>What was found where a record may be.</summary>
public enum WalRead
{
    /// <summary>A valid record.</summary>
    Record = 0,

    /// <summary>A header of zeros: nothing was written here.</summary>
    End,

    /// <summary>More bytes are needed to tell; at the end of the file this is a broken record.</summary>
    NeedsMore,

    /// <summary>No record, and not zeros either.</summary>
    Broken,
}

/// <summary>A record found in a segment.</summary>
/// <param name="Type">What it holds.</param>
/// <param name="GroupOffset">Where its group begins in the segment.</param>
/// <param name="IsGroupEnd">It is the last of its group.</param>
/// <param name="PayloadBytes">Length of the payload, which begins after the header.</param>
public readonly record struct WalRecord(WalRecordType Type, long GroupOffset, bool IsGroupEnd, int PayloadBytes)
{
    /// <summary>Bytes it takes in the segment.</summary>
    public int Bytes => WalFormat.RecordBytes(PayloadBytes);

    /// <summary>The payload within the bytes the record was read from.</summary>
    public ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> bytes) => bytes.Slice(WalFormat.HeaderBytes, PayloadBytes);

    /// <summary>Looks for a record at the start of <paramref name="bytes"/>, which lie at <paramref name="offset"/> of the segment.</summary>
    /// <param name="segment">Sequence of the segment.</param>
    /// <param name="offset">Offset of the first byte.</param>
    /// <param name="bytes">At least the header; the whole record for an answer other than <see cref="WalRead.NeedsMore"/>.</param>
    /// <param name="record">The record, and with NeedsMore what the header claims.</param>
    public static WalRead TryRead(ulong segment, long offset, ReadOnlySpan<byte> bytes, out WalRecord record)
    {
        record = default;
        if (bytes.Length < WalFormat.HeaderBytes)
            return WalRead.NeedsMore;
        var header = bytes[..WalFormat.HeaderBytes];
        if (!header.ContainsAnyExcept((byte)0))
            return WalRead.End;

        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var type = (WalRecordType)header[8];
        var group = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (length > WalFormat.MaxPayloadBytes || !Enum.IsDefined(type) || header[9] != WalFormat.Version || header[10] > 1 || group > offset)
            return WalRead.Broken;
        record = new WalRecord(type, group, header[10] == 1, (int)length);
        if (bytes.Length < record.Bytes)
            return WalRead.NeedsMore;

        var payload = record.PayloadOf(bytes);
        var padding = bytes[(WalFormat.HeaderBytes + record.PayloadBytes)..record.Bytes];
        return padding.ContainsAnyExcept((byte)0)
            || BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != WalFormat.Checksum(segment, offset, header, payload)
            ? WalRead.Broken
            : WalRead.Record;
    }
}
