using System.Buffers.Binary;
using Consensus.Contracts;

namespace Consensus.Core.Wal;

/// <summary>Payload of an entries record: first index, term, count, then length, kind and data of each entry.</summary>
/// <remarks>
/// <code>
///   0  u64 first index
///   8  u64 term
///  16  u32 count
///  20  count times: u32 data length, u8 kind, data
/// </code>
/// </remarks>
public static class WalEntries
{
    internal const int FixedBytes = 20;
    internal const int PerEntryBytes = 5;

    /// <summary>How many of the leading entries go into one record: one term, and not much more than the target size.</summary>
    internal static int Fit(ReadOnlySpan<Entry> entries, out int payloadBytes)
    {
        payloadBytes = FixedBytes;
        var count = 0;
        while (count < entries.Length && entries[count].Term == entries[0].Term)
        {
            var bytes = PerEntryBytes + entries[count].Data.Length;
            if (count > 0 && payloadBytes + bytes > WalFormat.TargetRecordBytes)
                break;
            payloadBytes += bytes;
            count++;
        }
        return count;
    }

    internal static void Encode(ReadOnlySpan<Entry> entries, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, entries[0].Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], entries[0].Term.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], (uint)entries.Length);
        target = target[FixedBytes..];
        foreach (ref readonly var entry in entries)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)entry.Data.Length);
            target[4] = (byte)entry.Kind;
            entry.Data.Span.CopyTo(target[PerEntryBytes..]);
            target = target[(PerEntryBytes + entry.Data.Length)..];
        }
    }

    /// <summary>First index, term and count, without the entries. False when the payload is none of this version.</summary>
    public static bool TryDecodeRange(ReadOnlySpan<byte> payload, out LogIndex first, out Term term, out int count)
    {
        first = default;
        term = default;
        count = 0;
        if (payload.Length < FixedBytes + PerEntryBytes)
            return false;
        first = new(BinaryPrimitives.ReadUInt64LittleEndian(payload));
        term = new(BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]));
        var entries = BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]);
        if (first.Value == 0 || entries == 0 || entries > (uint)payload.Length / PerEntryBytes)
            return false;
        count = (int)entries;
        return true;
    }

    /// <summary>Copies the configuration entries out, without a look at what commands hold. False when the payload is none of this version.</summary>
    internal static bool TryCopyConfigurations(ReadOnlySpan<byte> payload, List<(LogIndex Index, ReadOnlyMemory<byte> Data)> target)
    {
        if (!TryDecodeRange(payload, out var first, out _, out var count))
            return false;
        var rest = payload[FixedBytes..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < PerEntryBytes)
                return false;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            var kind = (EntryKind)rest[4];
            rest = rest[PerEntryBytes..];
            if (length > (uint)rest.Length)
                return false;
            if (kind == EntryKind.Configuration)
                target.Add((new(first.Value + (ulong)i), rest[..(int)length].ToArray()));
            rest = rest[(int)length..];
        }
        return rest.IsEmpty;
    }

    /// <summary>The entries; their data are slices of <paramref name="payload"/>. False when the payload is none of this version.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out Entry[] entries)
    {
        entries = [];
        if (!TryDecodeRange(payload.Span, out var first, out var term, out var count))
            return false;
        var decoded = new Entry[count];
        var rest = payload[FixedBytes..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < PerEntryBytes)
                return false;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
            var kind = (EntryKind)rest.Span[4];
            rest = rest[PerEntryBytes..];
            if (length > (uint)rest.Length || !Enum.IsDefined(kind))
                return false;
            decoded[i] = new Entry(new(first.Value + (ulong)i), term, kind, rest[..(int)length]);
            rest = rest[(int)length..];
        }
        if (!rest.IsEmpty)
            return false;
        entries = decoded;
        return true;
    }
}
