using System.Buffers.Binary;
using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Core.Wal;

/// <summary>Builds one group of records in one buffer, ready to be written at one offset.</summary>
/// <remarks>Reused from group to group; <see cref="Bytes"/> is valid from <see cref="End"/> until the next <see cref="Begin"/>.</remarks>
public sealed class WalEncoder
{
    // A buffer grown for a rare large batch is not kept for ever.
    private const int KeptBufferBytes = 4 * 1024 * 1024;

    private readonly List<EntriesRecord> _entriesRecords = [];
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private ulong _segment;
    private long _groupOffset;

    // The record added last is sealed by what follows it: only then it is known whether it ends the group.
    private (int Start, WalRecordType Type, int PayloadBytes)? _open;

    /// <summary>Where an entries record of this group lies in its segment.</summary>
    public readonly record struct EntriesRecord(LogIndex First, long Offset, int Bytes);

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);
    public IReadOnlyList<EntriesRecord> EntriesRecords => _entriesRecords;

    /// <summary>Upper bound of the bytes a group of these parts takes.</summary>
    public static long MaxBytes(ReadOnlySpan<Entry> entries)
    {
        long bytes = WalFormat.RecordBytes(WalHardState.PayloadBytes);
        while (!entries.IsEmpty)
        {
            var count = WalEntries.Fit(entries, out var payloadBytes);
            bytes += WalFormat.RecordBytes(payloadBytes);
            entries = entries[count..];
        }
        return bytes;
    }

    /// <summary>Starts a group at <paramref name="groupOffset"/> of the segment with this sequence.</summary>
    public void Begin(ulong segment, long groupOffset)
    {
        Invariant.Holds(groupOffset is >= 0 and <= uint.MaxValue && groupOffset % WalFormat.Alignment == 0);
        _segment = segment;
        _groupOffset = groupOffset;
        _length = 0;
        _open = null;
        _entriesRecords.Clear();
        if (_buffer.Length > KeptBufferBytes)
            _buffer = new byte[64 * 1024];
    }

    public void Add(in WalMetadata metadata) => metadata.Encode(Reserve(WalRecordType.Metadata, WalMetadata.PayloadBytes));

    public void Add(in HardState state) => WalHardState.Encode(state, Reserve(WalRecordType.HardState, WalHardState.PayloadBytes));

    /// <summary>A configuration entry of an earlier segment.</summary>
    public void Add(LogIndex index, ReadOnlyMemory<byte> configuration) =>
        WalConfiguration.Encode(index, configuration.Span, Reserve(WalRecordType.Configuration, WalConfiguration.PayloadBytes(configuration)));

    public void Add(ReadOnlySpan<Entry> entries)
    {
        while (!entries.IsEmpty)
        {
            var count = WalEntries.Fit(entries, out var payloadBytes);
            _entriesRecords.Add(new EntriesRecord(entries[0].Index, _groupOffset + _length, WalFormat.RecordBytes(payloadBytes)));
            WalEntries.Encode(entries[..count], Reserve(WalRecordType.Entries, payloadBytes));
            entries = entries[count..];
        }
    }

    /// <summary>The group is complete. Without effect when nothing was added.</summary>
    public void End() => SealOpen(isGroupEnd: true);

    private Span<byte> Reserve(WalRecordType type, int payloadBytes)
    {
        SealOpen(isGroupEnd: false);
        var start = _length;
        var needed = start + WalFormat.RecordBytes(payloadBytes);
        if (needed > _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)needed, _buffer.Length * 2L)));
        _open = (start, type, payloadBytes);
        _length = needed;
        return _buffer.AsSpan(start + WalFormat.HeaderBytes, payloadBytes);
    }

    private void SealOpen(bool isGroupEnd)
    {
        if (_open is not var (start, type, payloadBytes))
            return;
        _open = null;
        var record = _buffer.AsSpan(start, WalFormat.RecordBytes(payloadBytes));
        var header = record[..WalFormat.HeaderBytes];
        var payload = record.Slice(WalFormat.HeaderBytes, payloadBytes);
        record[(WalFormat.HeaderBytes + payloadBytes)..].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)payloadBytes);
        header[8] = (byte)type;
        header[9] = WalFormat.Version;
        header[10] = isGroupEnd ? (byte)1 : (byte)0;
        header[11] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)_groupOffset);
        var checksum = WalFormat.Checksum(_segment, _groupOffset + start, header, payload);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], checksum);
    }
}
