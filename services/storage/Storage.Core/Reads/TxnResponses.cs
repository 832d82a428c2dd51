using System.Buffers;
using EtcdApi.Wire;

namespace Storage.Core.Reads;

/// <summary>Puts one encoded response into a TxnResponse: field 3, holding a ResponseOp whose field number is that of the request.</summary>
internal static class TxnResponses
{
    public static void Append(IBufferWriter<byte> body, int kind, ReadOnlySpan<byte> response)
    {
        var inner = kind == TxnOps.None ? 0 : ProtoWriter.MessageSize(kind, response.Length);
        var writer = new ProtoWriter(body.GetSpan(ProtoWriter.MessageSize(3, inner)));
        writer.MessageHeader(3, inner);
        if (kind != TxnOps.None)
            writer.Message(kind, response);
        body.Advance(writer.Written);
    }
}
