using EtcdApi.Wire;
using Storage.Contracts;

namespace Storage.Core.Mvcc;

/// <summary>
/// Encoded mvccpb.Event messages (type 1, kv 2, prev_kv 3). A put's event ends with its stored record, so the same bytes serve the
/// store, range answers and watchers.
/// </summary>
public static class EventRecord
{
    private const ulong Delete = 1;

    /// <summary>Event of a put; its record is the last <paramref name="recordBytes"/> bytes.</summary>
    public static ReadOnlyMemory<byte> Put(
        SlabArena arena, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long createRevision, long modRevision, long version, long lease,
        out int recordBytes)
    {
        recordBytes = KeyValueRecord.Size(key.Length, value.Length, createRevision, modRevision, version, lease);
        var message = arena.Take(ProtoWriter.MessageSize(2, recordBytes));
        var writer = new ProtoWriter(message.Span);
        writer.MessageHeader(2, recordBytes);
        KeyValueRecord.Write(ref writer, key, value, createRevision, modRevision, version, lease);
        return message;
    }

    /// <summary>Event of a put whose record is at hand.</summary>
    public static ReadOnlyMemory<byte> Put(SlabArena arena, ReadOnlySpan<byte> record)
    {
        var message = arena.Take(ProtoWriter.MessageSize(2, record.Length));
        new ProtoWriter(message.Span).Message(2, record);
        return message;
    }

    /// <summary>Event of a delete: the key and the revision that removed it.</summary>
    public static ReadOnlyMemory<byte> Tombstone(SlabArena arena, ReadOnlySpan<byte> key, long modRevision, out int recordBytes)
    {
        recordBytes = KeyValueRecord.Size(key.Length, 0, 0, modRevision, 0, 0);
        var message = arena.Take(2 + ProtoWriter.MessageSize(2, recordBytes));
        var writer = new ProtoWriter(message.Span);
        writer.Varint(1, Delete);
        writer.MessageHeader(2, recordBytes);
        KeyValueRecord.Write(ref writer, key, default, 0, modRevision, 0, 0);
        return message;
    }

    /// <summary>The event with prev_kv.</summary>
    public static byte[] WithPrevious(ReadOnlySpan<byte> message, ReadOnlySpan<byte> previousRecord)
    {
        var longer = GC.AllocateUninitializedArray<byte>(message.Length + ProtoWriter.MessageSize(3, previousRecord.Length));
        var writer = new ProtoWriter(longer);
        writer.Encoded(message);
        writer.Message(3, previousRecord);
        return longer;
    }

    /// <summary>Where the kv inside an event made here begins; it goes on to the end.</summary>
    public static int RecordStart(ReadOnlySpan<byte> message)
    {
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Field == 2)
                return message.Length - reader.Bytes.Length;
        }
        throw new InvalidOperationException("an event without kv");
    }
}
