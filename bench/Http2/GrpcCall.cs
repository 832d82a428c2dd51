using System.Buffers.Binary;

namespace Bench.Http2;

/// <summary>
/// One gRPC call, unary or streaming. An object may be started again once it has completed, so a closed-loop client
/// allocates nothing per call. Owned by one session; not thread-safe.
/// </summary>
internal abstract class GrpcCall
{
    /// <summary>Compressed flag and length before each message.</summary>
    public const int PrefixBytes = 5;

    // Request bytes not yet in a DATA frame: [_sendFrom, _sendTo) of _send.
    private byte[] _send = new byte[512];
    private int _sendFrom;
    private int _sendTo;

    // A response message that arrives in more than one frame is put together here.
    private byte[] _partial = [];
    private int _partialBytes;

    /// <summary>A response message is complete. The span is valid only during the call.</summary>
    public abstract void OnMessage(ReadOnlySpan<byte> message);

    /// <summary>The call is over; 0 is OK. The object may be started again from inside.</summary>
    public abstract void OnCompleted(int grpcStatus, string message);

    internal GrpcMethod Method { get; private set; } = GrpcMethod.Range;

    internal int StreamId { get; set; }

    /// <summary>Bytes the server lets us send on this stream. May be negative after its SETTINGS shrink (RFC 9113 §6.9.2).</summary>
    internal long SendWindow { get; set; }

    /// <summary>Bytes received since the last WINDOW_UPDATE of this stream.</summary>
    internal int UncreditedBytes { get; set; }

    internal bool EndsAfterSend { get; private set; }

    /// <summary>True while the call waits in the session's queue for send window.</summary>
    internal bool IsBlocked { get; set; }

    internal ReadOnlySpan<byte> Unsent => _send.AsSpan(_sendFrom, _sendTo - _sendFrom);

    internal void Begin(GrpcMethod method)
    {
        Method = method;
        StreamId = 0;
        UncreditedBytes = 0;
        EndsAfterSend = false;
        IsBlocked = false;
        _sendFrom = _sendTo = _partialBytes = 0;
    }

    internal void Enqueue(ReadOnlySpan<byte> message, bool isLast)
    {
        var needed = _sendTo + PrefixBytes + message.Length;
        if (needed > _send.Length)
            Array.Resize(ref _send, Math.Max(needed, 2 * _send.Length));
        _send[_sendTo] = 0;
        BinaryPrimitives.WriteInt32BigEndian(_send.AsSpan(_sendTo + 1), message.Length);
        message.CopyTo(_send.AsSpan(_sendTo + PrefixBytes));
        _sendTo = needed;
        EndsAfterSend = isLast;
    }

    internal void Sent(int bytes)
    {
        _sendFrom += bytes;
        if (_sendFrom == _sendTo)
            _sendFrom = _sendTo = 0;
    }

    /// <summary>Takes the content of a DATA frame and hands over each message that is complete.</summary>
    internal void Receive(ReadOnlySpan<byte> data)
    {
        if (_partialBytes > 0)
        {
            Append(data);
            data = _partial.AsSpan(0, _partialBytes);
        }
        var rest = data;
        while (TryTakeMessage(ref rest, out var message))
            OnMessage(message);
        if (rest.Length == data.Length && _partialBytes > 0)
            return; // Nothing was complete: what is put together so far stays where it is.
        _partialBytes = 0;
        Append(rest);
    }

    private static bool TryTakeMessage(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (rest.Length < PrefixBytes)
            return false;
        if (rest[0] != 0)
            throw new Http2Exception("a compressed message, though none was asked for");
        var length = BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
        if (length > int.MaxValue - PrefixBytes)
            throw new Http2Exception($"a message of {length} bytes");
        if ((uint)(rest.Length - PrefixBytes) < length)
            return false;
        message = rest.Slice(PrefixBytes, (int)length);
        rest = rest[(PrefixBytes + (int)length)..];
        return true;
    }

    // The source may be a later part of the same array; a span copy handles the overlap.
    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        var needed = _partialBytes + bytes.Length;
        if (needed > _partial.Length)
        {
            var larger = new byte[Math.Max(needed, 2 * _partial.Length)];
            _partial.AsSpan(0, _partialBytes).CopyTo(larger);
            bytes.CopyTo(larger.AsSpan(_partialBytes));
            _partial = larger;
        }
        else
        {
            bytes.CopyTo(_partial.AsSpan(_partialBytes));
        }
        _partialBytes = needed;
    }
}
