using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Consensus.Host.Peers;

/// <summary>A connection that another member has made to hear from us.</summary>
internal sealed class PeerConnection(ConnectionContext context)
{
    // Past the server's own queue, which would take another thread for each message. Encrypted connections have to go through it.
    private readonly Stream _output = context.Features.Get<ITlsHandshakeFeature>() is null && context.Features.Get<IConnectionSocketFeature>() is { } connected
        ? new NetworkStream(connected.Socket, ownsSocket: false)
        : context.Transport.Output.AsStream(leaveOpen: true);

    private long _heardAt = Stopwatch.GetTimestamp();

    /// <summary>How long the other end has been silent.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Volatile.Read(ref _heardAt));

    /// <summary>Something came from the other end.</summary>
    public void Heard() => Volatile.Write(ref _heardAt, Stopwatch.GetTimestamp());

    /// <summary>Sends; one caller at a time.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _output.WriteAsync(bytes);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // A closed socket throws at once, an encrypted connection's queue does in its own way.
            return ValueTask.FromException(new IOException("the connection is closed", exception));
        }
    }

    /// <summary>Ends the connection at once.</summary>
    public void Abort() => context.Abort();
}
