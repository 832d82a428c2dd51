using System.Buffers;
using System.IO.Pipelines;
using Consensus.Contracts;
using Consensus.Host.Peers.Wire;
using Consensus.Host.Service;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Consensus.Host.Peers;

/// <summary>Takes the connections of other members out of a port that speaks HTTP otherwise.</summary>
public static class PeerAcceptor
{
    /// <summary>Lets other members connect at this port. To be used only on ports that members can reach, not clients.</summary>
    public static void UseConsensusPeers(this ListenOptions port) =>
        port.Use(next => async connection =>
        {
            if (await IsPeerAsync(connection.Transport.Input, connection.ConnectionClosed).ConfigureAwait(false))
                await ServeAsync(connection, port.ApplicationServices.GetRequiredService<ConsensusService>()).ConfigureAwait(false);
            else
                await next(connection).ConfigureAwait(false);
        });

    /// <summary>Looks at a connection's first bytes; those of anything else stay where they are.</summary>
    private static async ValueTask<bool> IsPeerAsync(PipeReader input, CancellationToken closed)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(closed);
        waiting.CancelAfter(PeerProtocol.DialTimeout);
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(waiting.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or ConnectionAbortedException)
            {
                // Silent, or gone: no member. The server has its own ways with those.
                return false;
            }
            var buffer = result.Buffer;
            var length = (int)Math.Min(buffer.Length, PeerProtocol.Preface.Length);
            if (!StartsLikePeer(buffer.Slice(0, length)) || (length < PeerProtocol.Preface.Length && result.IsCompleted))
            {
                input.AdvanceTo(buffer.Start);
                return false;
            }
            if (length == PeerProtocol.Preface.Length)
            {
                input.AdvanceTo(buffer.GetPosition(length));
                return true;
            }
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static bool StartsLikePeer(in ReadOnlySequence<byte> first)
    {
        Span<byte> bytes = stackalloc byte[PeerProtocol.Preface.Length];
        first.CopyTo(bytes);
        return PeerProtocol.Preface.StartsWith(bytes[..(int)first.Length]);
    }

    private static async Task ServeAsync(ConnectionContext context, ConsensusService consensus)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.ConnectionClosed, consensus.PeersLeft);
        try
        {
            var connection = new PeerConnection(context);
            // Its machine may die before it says a word.
            using var greeting = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            greeting.CancelAfter(PeerProtocol.DialTimeout);
            if (await ReadHelloAsync(context.Transport.Input, greeting.Token).ConfigureAwait(false) is not { } hello)
                return;
            var from = new MemberId(hello.From);
            var refusal = consensus.Admit(new ClusterId(hello.ClusterId), from, new MemberId(hello.To));
            var answer = new ArrayBufferWriter<byte>();
            var welcome = new PeerWelcome { Refusal = (uint)refusal };
            if (refusal == PeerRefusal.Removed && consensus.ExclusionOf(from) is { } exclusion)
            {
                welcome.RemovedAt = exclusion.Index.Value;
                welcome.Configuration = UnsafeByteOperations.UnsafeWrap(ConfigurationFormat.Encode(exclusion.Configuration));
            }
            PeerProtocol.Write(answer, new PeerFrame { Welcome = welcome });
            await connection.WriteAsync(answer.WrittenMemory).ConfigureAwait(false);
            if (refusal != PeerRefusal.None)
                return;
            consensus.PeerConnected(from, hello.PeerUrls, connection);
            var metrics = consensus.Metrics.Peers.Of(from);
            try
            {
                await ListenAsync(context.Transport.Input, connection, metrics, () => consensus.MessageUnderWay(from), stopping.Token).ConfigureAwait(false);
            }
            finally
            {
                consensus.PeerDisconnected(from, connection);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ConnectionAbortedException or InvalidDataException)
        {
            // The connection is gone, or this member is going, or what came is no member's: either way nothing more is said on it.
        }
    }

    /// <summary>Null when the connection ends before.</summary>
    private static async ValueTask<PeerHello?> ReadHelloAsync(PipeReader input, CancellationToken cancellation)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellation).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (PeerProtocol.TryRead(ref buffer, PeerProtocol.MaxHelloBytes, out var frame))
            {
                input.AdvanceTo(buffer.Start);
                return frame.Hello;
            }
            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
                return null;
        }
    }

    /// <summary>The one who dialled says nothing but that it lives, answers pings, and tells of parts of messages.</summary>
    private static async Task ListenAsync(
        PipeReader input, PeerConnection connection, PeerMetrics.Member metrics, Action underWay, CancellationToken cancellation)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellation).ConfigureAwait(false);
            var unread = result.Buffer;
            while (PeerProtocol.TryRead(ref unread, PeerProtocol.MaxPongBytes, out var frame))
            {
                if (frame.Pong != 0)
                    metrics.RoundTripSeconds.ObserveSince(frame.Pong);
                if (frame.Receiving)
                    underWay();
            }
            metrics.ReceivedBytes.Add(result.Buffer.Length - unread.Length);
            input.AdvanceTo(unread.Start, result.Buffer.End);
            connection.Heard();
            if (result.IsCompleted)
                return;
        }
    }
}
