using ApiGateway.Core.Headers;
using ApiGateway.Core.Watching;
using EtcdApi.Wire;
using Grpc.Core;

namespace ApiGateway.Host.Watching;

/// <summary>A watch response with the ids for its header. One instance serves a whole stream: writing serialises before it returns.</summary>
internal sealed class WatchFrame
{
    public static readonly Marshaller<WatchFrame> Marshaller =
        new(static (frame, context) => frame.Serialize(context), static _ => throw new NotSupportedException("a server reads no replies"));

    public required ResponseHeaderWriter Header { get; set; }

    public WatchReply Reply { get; set; }

    /// <summary>Bytes of the message last written.</summary>
    public int Bytes { get; private set; }

    private void Serialize(SerializationContext context)
    {
        Bytes = Reply.Size(Header);
        context.SetPayloadLength(Bytes);
        var output = context.GetBufferWriter();
        var writer = new ProtoWriter(output.GetSpan(Bytes));
        Reply.Write(Header, ref writer);
        output.Advance(writer.Written);
        context.Complete();
    }
}
