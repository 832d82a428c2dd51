using System.Buffers;
using ApiGateway.Core.Headers;
using ApiGateway.Host.Limits;
using ApiGateway.Host.Metrics;
using ApiGateway.Host.Slow;
using EtcdApi.Wire;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>A response: its header, and the encoded rest as it came from storage. Encoded once, copied once into the connection's buffer.</summary>
internal sealed class Reply(ResponseHeaderWriter? header, long revision, ulong term, ReadOnlyMemory<byte> body)
{
    /// <summary>A marshaller that counts what it writes.</summary>
    public static Marshaller<Reply> Marshaller(MethodMetrics counts) =>
        new((reply, context) => counts.Sent(1, reply.Serialize(context)), static _ => throw new NotSupportedException("a server reads no replies"));

    /// <summary>A few responses have no header.</summary>
    public static Reply WithoutHeader(ReadOnlyMemory<byte> body) => new(null, 0, 0, body);

    /// <summary>When what led to it happened, as far as that was noted.</summary>
    public RequestStamps Stamps { get; init; }

    /// <summary>Bytes without the header.</summary>
    public int BodyBytes => body.Length;

    /// <summary>It needs room among those that wait for their clients.</summary>
    public bool IsLarge => body.Length >= AnswerRoom.SmallBytes;

    /// <summary>The whole message, for a caller within this process.</summary>
    public byte[] ToArray()
    {
        var headerBytes = header?.Size(revision, term) ?? 0;
        var message = new byte[headerBytes + body.Length];
        var writer = new ProtoWriter(message);
        header?.Write(ref writer, revision, term);
        writer.Encoded(body.Span);
        return message;
    }

    // Returns the length.
    private int Serialize(SerializationContext context)
    {
        var headerBytes = header?.Size(revision, term) ?? 0;
        context.SetPayloadLength(headerBytes + body.Length);
        var output = context.GetBufferWriter();
        if (header is not null)
        {
            var writer = new ProtoWriter(output.GetSpan(headerBytes));
            header.Write(ref writer, revision, term);
            output.Advance(writer.Written);
        }
        output.Write(body.Span);
        context.Complete();
        return headerBytes + body.Length;
    }
}
