namespace ApiGateway.Core.KeepAlive;

/// <summary>What an HTTP/2 frame begins with (RFC 9113 §4.1).</summary>
/// <param name="Type">0 DATA, 1 HEADERS, 3 RST_STREAM, 6 PING, ...</param>
/// <param name="Flags">Their meaning depends on the type.</param>
/// <param name="Stream">0: the connection.</param>
public readonly record struct FrameHead(byte Type, byte Flags, int Stream)
{
    public const byte Data = 0, Headers = 1, Reset = 3, Ping = 6;

    /// <summary>The sender says nothing more on the stream.</summary>
    public bool EndsStream => Type is Data or Headers && (Flags & 1) != 0;

    /// <summary>A ping that asks for an answer.</summary>
    public bool IsPing => Type == Ping && (Flags & 1) == 0;
}
