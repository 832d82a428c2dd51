using System.Runtime.InteropServices;
using EtcdApi.Wire;
using Storage.Contracts;

namespace WatchHub.Core.FanOut;

/// <summary>Encodes events as the repeated field 11 of etcdserverpb.WatchResponse, ready to be appended to a response.</summary>
internal static class EventFields
{
    private const int EventsField = 11;

    /// <summary>Bytes that one event takes.</summary>
    public static int SizeOf(ReadOnlyMemory<byte> encodedEvent) => ProtoWriter.MessageSize(EventsField, encodedEvent.Length);

    public static ReadOnlyMemory<byte> Encode(ReadOnlySpan<ReadOnlyMemory<byte>> events)
    {
        var size = 0;
        foreach (var one in events)
            size += SizeOf(one);
        var fields = GC.AllocateUninitializedArray<byte>(size);
        var writer = new ProtoWriter(fields);
        foreach (var one in events)
            writer.Message(EventsField, one.Span);
        return fields;
    }

    public static ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> encodedEvent) =>
        Encode(MemoryMarshal.CreateReadOnlySpan(ref encodedEvent, 1));

    /// <summary>
    /// Length of the first fragment of encoded fields: whole events up to <paramref name="maxBytes"/>, at least one.
    /// </summary>
    public static int FragmentLength(ReadOnlySpan<byte> fields, int maxBytes)
    {
        var end = 0;
        while (end < fields.Length)
        {
            var next = end + 1;
            int length = 0, shift = 0;
            byte current;
            do
            {
                current = fields[next++];
                length |= (current & 0x7f) << shift;
                shift += 7;
            }
            while (current >= 0x80);
            next += length;
            if (end > 0 && next > maxBytes)
                return end;
            end = next;
        }
        return end;
    }

    /// <summary>The form of an event that a group wants.</summary>
    public static ReadOnlyMemory<byte> Select(in FeedEvent one, bool previousValue) =>
        previousValue ? one.EventWithPrevious : one.Event;
}
