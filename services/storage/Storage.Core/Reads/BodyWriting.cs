using System.Buffers;
using EtcdApi.Wire;

namespace Storage.Core.Reads;

/// <summary>Single protobuf fields into a response body.</summary>
internal static class BodyWriting
{
    public static void WriteMessage(this IBufferWriter<byte> body, int field, ReadOnlySpan<byte> encoded)
    {
        var writer = new ProtoWriter(body.GetSpan(ProtoWriter.MessageSize(field, encoded.Length)));
        writer.Message(field, encoded);
        body.Advance(writer.Written);
    }

    public static void WriteInt64(this IBufferWriter<byte> body, int field, long value)
    {
        var size = ProtoWriter.Int64Size(field, value);
        if (size == 0)
            return;
        var writer = new ProtoWriter(body.GetSpan(size));
        writer.Int64(field, value);
        body.Advance(writer.Written);
    }

    /// <summary>The header of a response inside a txn: it holds only the revision.</summary>
    public static void WriteNestedHeader(this IBufferWriter<byte> body, long revision)
    {
        if (revision == 0)
            return;
        var size = ProtoWriter.Int64Size(3, revision);
        var writer = new ProtoWriter(body.GetSpan(ProtoWriter.MessageSize(1, size)));
        writer.MessageHeader(1, size);
        writer.Int64(3, revision);
        body.Advance(writer.Written);
    }
}
