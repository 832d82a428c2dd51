using System.Buffers;
using System.Buffers.Binary;
using Consensus.Core.Raft;
using Consensus.Host.Peers.Wire;
using Google.Protobuf;

namespace Consensus.Host.Peers;

/// <summary>Framing of the connections between members; <c>peer.proto</c> describes it.</summary>
internal static class PeerProtocol
{
    // Of a frame's length.
    private const int HeaderBytes = 4;

    // A frame holds as many messages as fit; a larger message has one of its own.
    private const int MaxBatchBytes = 4 * 1024 * 1024;

    /// <summary>Far above any message: the core bounds what it puts into one, and a command by itself is a few MiB at most.</summary>
    public const int MaxFrameBytes = 256 * 1024 * 1024;

    /// <summary>What a member says on a connection that is otherwise idle.</summary>
    public static readonly TimeSpan BeatPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Silence after which the other end counts as gone: its machine died, or the network between. Killed processes are noticed at once, by their
    /// connections' end.
    /// </summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(2);

    /// <summary>How often both ends hear that a frame is on its way which takes longer than that: several times within the shortest sensible election timeout.</summary>
    public static readonly TimeSpan UnderWayPeriod = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a member may take to be reached, and to answer.</summary>
    public static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(1);

    /// <summary>First bytes of a connection that is no HTTP: not the start of any method, nor of the HTTP/2 preface.</summary>
    public static ReadOnlySpan<byte> Preface => "raft/1\r\n"u8;

    /// <summary>An empty frame.</summary>
    public static ReadOnlyMemory<byte> Beat { get; } = new byte[HeaderBytes];

    /// <summary>A frame that says that a part of one came.</summary>
    public static ReadOnlyMemory<byte> Receiving { get; } = Encode(new PeerFrame { Receiving = true });

    /// <summary>A frame that is answered with the same number.</summary>
    public static ReadOnlyMemory<byte> Ping(long timestamp) => Encode(new PeerFrame { Ping = timestamp });

    /// <summary>Appends a frame.</summary>
    public static void Write(ArrayBufferWriter<byte> output, PeerFrame frame)
    {
        var size = frame.CalculateSize();
        var span = output.GetSpan(HeaderBytes + size);
        BinaryPrimitives.WriteInt32LittleEndian(span, size);
        frame.WriteTo(span.Slice(HeaderBytes, size));
        output.Advance(HeaderBytes + size);
    }

    /// <summary>Takes as many messages off the queue as one frame holds; at least one.</summary>
    public static PeerFrame NextFrame(Queue<Message> messages)
    {
        var frame = new PeerFrame();
        long bytes = 0;
        while (messages.TryPeek(out var message))
        {
            bytes += PeerWire.BytesOf(message);
            if (frame.Messages.Count > 0 && bytes > MaxBatchBytes)
                break;
            frame.Messages.Add(PeerWire.ToWire(message));
            messages.Dequeue();
        }
        return frame;
    }

    /// <summary>Of what the one who dialled says after its first frame: beats, and answers to pings.</summary>
    public const int MaxPongBytes = 64;

    /// <summary>Of the first frame, from somebody who has not been admitted yet.</summary>
    public const int MaxHelloBytes = 64 * 1024;

    /// <summary>Takes the first frame off the buffer, if all of it is there. The frame's commands are copies: the buffer may be used again.</summary>
    /// <exception cref="InvalidDataException">No frame begins there.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maxBytes, out PeerFrame frame)
    {
        frame = null!;
        if (buffer.Length < HeaderBytes)
            return false;
        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length < 0 || length > maxBytes)
            throw new InvalidDataException($"a frame of {length} bytes");
        if (buffer.Length < HeaderBytes + length)
            return false;
        frame = Parse(buffer.Slice(HeaderBytes, length));
        buffer = buffer.Slice(HeaderBytes + length);
        return true;
    }

    private static ReadOnlyMemory<byte> Encode(PeerFrame frame)
    {
        var bytes = new ArrayBufferWriter<byte>();
        Write(bytes, frame);
        return bytes.WrittenMemory;
    }

    private static PeerFrame Parse(in ReadOnlySequence<byte> bytes)
    {
        try
        {
            return PeerFrame.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException("a frame that is none", exception);
        }
    }
}
