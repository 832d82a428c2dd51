using System.Runtime.CompilerServices;

namespace Storage.Core.Mvcc;

/// <summary>What a start needs of an encoded mvccpb.KeyValue, its value left out. Says the same as <see cref="KeyValueRecord"/>, in less time: there are millions.</summary>
internal readonly ref struct RecordHead
{
    private const byte KeyTag = 0x0A, CreateTag = 0x10, ModTag = 0x18, VersionTag = 0x20, ValueTag = 0x2A, LeaseTag = 0x30;

    public ReadOnlySpan<byte> Key { get; private init; }
    public long CreateRevision { get; private init; }
    public long Version { get; private init; }
    public long Lease { get; private init; }

    /// <summary>Reads a record; false when the bytes are none.</summary>
    // At a start nothing is hot yet: compiled as well as can be from the first record on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryRead(ReadOnlySpan<byte> record, out RecordHead head)
    {
        ReadOnlySpan<byte> key = default;
        ulong create = 0, version = 0, lease = 0;
        for (var at = 0; at < record.Length;)
        {
            var tag = record[at++];
            if (!TryVarint(record, ref at, out var number))
                return TryReadAny(record, out head);
            switch (tag)
            {
                case KeyTag or ValueTag:
                    if (number > (ulong)(record.Length - at))
                        return TryReadAny(record, out head);
                    if (tag == KeyTag)
                        key = record.Slice(at, (int)number);
                    at += (int)number;
                    break;
                case CreateTag: create = number; break;
                case ModTag: break;
                case VersionTag: version = number; break;
                case LeaseTag: lease = number; break;
                default: return TryReadAny(record, out head);
            }
        }
        head = new RecordHead { Key = key, CreateRevision = (long)create, Version = (long)version, Lease = (long)lease };
        return !key.IsEmpty;
    }

    // Not as this program writes it, if it is one at all.
    private static bool TryReadAny(ReadOnlySpan<byte> record, out RecordHead head)
    {
        var isRecord = KeyValueRecord.TryRead(record, out var whole);
        head = new RecordHead { Key = whole.Key, CreateRevision = whole.CreateRevision, Version = whole.Version, Lease = whole.Lease };
        return isRecord;
    }

    // Up to nine bytes; the tenth would have to be looked at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 63 && (uint)at < (uint)bytes.Length; shift += 7)
        {
            var part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return true;
        }
        return false;
    }
}
