using System.Buffers.Binary;

namespace ApiGateway.Host.Calls;

/// <summary>What gRPC over HTTP/2 puts in front of each message (Length-Prefixed-Message): a flag, 0 when it is not compressed, then its length in big-endian.</summary>
internal static class MessageFrame
{
    /// <summary>Bytes of it.</summary>
    public const int PrefixBytes = 5;

    /// <summary>Writes it for a message that is not compressed.</summary>
    public static void Write(Span<byte> target, int messageBytes)
    {
        target[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], messageBytes);
    }

    /// <summary>Reads it.</summary>
    public static (bool IsCompressed, uint MessageBytes) Read(ReadOnlySpan<byte> prefix) =>
        (prefix[0] != 0, BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
}
