using System.Buffers;
using System.IO.Pipelines;

namespace ApiGateway.Host.ClientPort;

/// <summary>Tells HTTP/2, HTTP/1 and TLS apart by a connection's first bytes, which stay where they are.</summary>
internal static class PrefaceReader
{
    // The HTTP/2 preface is "PRI * HTTP/2.0..." (RFC 9113 §3.4), made to be no HTTP/1 method; these four bytes decide.
    private static ReadOnlySpan<byte> Start => "PRI "u8;

    // A TLS record of type "handshake" (RFC 8446 §5.1). No request line begins so.
    private const byte Handshake = 22;

    /// <summary>Looks until it is sure; null when the connection ended before its first byte.</summary>
    public static async ValueTask<ClientProtocol?> DecideAsync(PipeReader input, CancellationToken cancellation)
    {
        var looked = 0L;
        while (true)
        {
            var result = await input.ReadAsync(cancellation).ConfigureAwait(false);
            var buffer = result.Buffer;
            var protocol = Decide(buffer);
            if (protocol is null && result.IsCompleted)
                protocol = buffer.IsEmpty ? null : ClientProtocol.Http1;
            var isSure = protocol is not null || result.IsCompleted;
            // What came last counts as not examined, so that the next reader gets it at once and does not wait for more.
            input.AdvanceTo(buffer.Start, isSure ? buffer.GetPosition(Math.Min(looked, buffer.Length)) : buffer.End);
            if (isSure)
                return protocol;
            looked = buffer.Length;
        }
    }

    private static ClientProtocol? Decide(ReadOnlySequence<byte> buffer)
    {
        Span<byte> first = stackalloc byte[Start.Length];
        first = first[..(int)Math.Min(buffer.Length, Start.Length)];
        buffer.Slice(0, first.Length).CopyTo(first);
        if (first is [Handshake, ..])
            return ClientProtocol.Tls;
        if (!Start.StartsWith(first))
            return ClientProtocol.Http1;
        return first.Length == Start.Length ? ClientProtocol.Http2 : null;
    }
}
