using System.Buffers.Binary;
using System.Text;
using Bench.Http2.Hpack;

namespace Bench.Http2;

internal sealed partial class Http2Session
{
    /// <summary>Takes the whole frames at the start of <paramref name="bytes"/>; the count of bytes used.</summary>
    public int Receive(ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        while (bytes.Length - used >= FrameHeader.Bytes)
        {
            var header = FrameHeader.Read(bytes[used..]);
            if (header.Length > DefaultMaxFrameBytes)
                throw new Http2Exception($"a frame of {header.Length} bytes, though we allow {DefaultMaxFrameBytes}");
            if (bytes.Length - used - FrameHeader.Bytes < header.Length)
                break;
            OnFrame(header, bytes.Slice(used + FrameHeader.Bytes, header.Length));
            used += FrameHeader.Bytes + header.Length;
        }
        return used;
    }

    private void OnFrame(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        if (_headersStream != 0 && (frame.Type != FrameType.Continuation || frame.StreamId != _headersStream))
            throw new Http2Exception($"a {frame.Type} frame inside a header block");
        switch (frame.Type)
        {
            case FrameType.Data:
                OnData(frame, payload);
                break;
            case FrameType.Headers:
                OnHeaders(frame, payload);
                break;
            case FrameType.Continuation:
                OnContinuation(frame, payload);
                break;
            case FrameType.RstStream:
                RequireLength(frame, 4);
                Complete(frame.StreamId, grpcStatus: -1, $"stream reset by the server, code {BinaryPrimitives.ReadUInt32BigEndian(payload)}");
                break;
            case FrameType.Settings:
                OnSettings(frame, payload);
                break;
            case FrameType.Ping:
                RequireLength(frame, 8);
                if (!frame.Has(FrameHeader.Ack))
                    WriteFrame(FrameType.Ping, FrameHeader.Ack, 0, payload);
                break;
            case FrameType.GoAway:
                OnGoAway(payload);
                break;
            case FrameType.WindowUpdate:
                OnWindowUpdate(frame, payload);
                break;
            case FrameType.PushPromise:
                throw new Http2Exception("a push promise, though push is off");
            default:
                break; // PRIORITY and unknown types are ignored (RFC 9113 §5.5).
        }
    }

    private void OnData(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        // Padding counts against the windows too, so the credit is for the frame's whole length (RFC 9113 §6.9.1).
        _uncreditedBytes += frame.Length;
        if (_uncreditedBytes >= ConnectionWindowBytes / 4)
        {
            WriteWindowUpdate(0, _uncreditedBytes);
            _uncreditedBytes = 0;
        }
        if (!_active.TryGetValue(frame.StreamId, out var call))
            return;
        call.Receive(Unpad(frame, payload));
        if (frame.Has(FrameHeader.EndStream))
        {
            Complete(frame.StreamId, grpcStatus: -1, "the stream ended without grpc-status");
            return;
        }
        call.UncreditedBytes += frame.Length;
        if (call.UncreditedBytes >= StreamWindowBytes / 4)
        {
            WriteWindowUpdate(frame.StreamId, call.UncreditedBytes);
            call.UncreditedBytes = 0;
        }
    }

    private void OnHeaders(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        var block = Unpad(frame, payload);
        if (frame.Has(FrameHeader.HasPriority))
            block = block.Length >= 5 ? block[5..] : throw new Http2Exception("a HEADERS frame too short for its priority");
        if (frame.Has(FrameHeader.EndHeaders))
        {
            OnHeaderBlock(frame.StreamId, block, frame.Has(FrameHeader.EndStream));
            return;
        }
        _headersStream = frame.StreamId;
        _headersEndStream = frame.Has(FrameHeader.EndStream);
        _headerBlock.Clear();
        _headerBlock.AddRange(block);
    }

    private void OnContinuation(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        const int MaxHeaderBlockBytes = 1024 * 1024;
        if (_headersStream == 0)
            throw new Http2Exception("a CONTINUATION frame without HEADERS");
        _headerBlock.AddRange(payload);
        if (_headerBlock.Count > MaxHeaderBlockBytes)
            throw new Http2Exception("an endless header block");
        if (!frame.Has(FrameHeader.EndHeaders))
            return;
        _headersStream = 0;
        OnHeaderBlock(frame.StreamId, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_headerBlock), _headersEndStream);
    }

    private void OnHeaderBlock(int streamId, ReadOnlySpan<byte> block, bool endsStream)
    {
        // Always decoded, whatever the stream: the tables are the connection's.
        var headers = _hpack.Decode(block);
        if (headers.HttpStatus is not (-1 or 200))
            Complete(streamId, grpcStatus: -1, $"HTTP status {headers.HttpStatus}");
        else if (endsStream)
            Complete(streamId, headers.GrpcStatus, MessageOf(headers));
    }

    // grpc-message is percent-encoded UTF-8.
    private static string MessageOf(ResponseHeaders headers) => headers switch
    {
        { GrpcStatus: 0 } => "",
        { GrpcStatus: -1 } => "the trailers lack grpc-status",
        { GrpcMessage: { } message } => Uri.UnescapeDataString(message),
        _ => "",
    };

    private void Complete(int streamId, int grpcStatus, string message)
    {
        if (!_active.Remove(streamId, out var call))
            return; // Already over on our side.
        if (_unopened.Count > 0)
            OpenWaiting();
        call.OnCompleted(grpcStatus, message);
    }

    private void OnSettings(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Has(FrameHeader.Ack))
            return;
        if (payload.Length % 6 != 0)
            throw new Http2Exception("a SETTINGS frame of odd length");
        uint tableBytes = HpackDecoder.TableBytes;
        for (; payload.Length > 0; payload = payload[6..])
        {
            var value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                case SettingHeaderTableSize:
                    tableBytes = value;
                    break;
                case SettingMaxConcurrentStreams:
                    _peerMaxStreams = value;
                    break;
                case SettingInitialWindowSize:
                    SetInitialWindow(value);
                    break;
                case SettingMaxFrameSize:
                    _peerMaxFrameBytes = (int)Math.Min(value, 1 << 20);
                    break;
                default:
                    break;
            }
        }
        _requestHeaders ??= new RequestHeaders(_authority, tableBytes);
        WriteFrame(FrameType.Settings, FrameHeader.Ack, 0, []);
        OpenWaiting();
        PumpBlocked();
    }

    private void SetInitialWindow(uint bytes)
    {
        if (bytes > int.MaxValue)
            throw new Http2Exception($"an initial window of {bytes} bytes");
        foreach (var call in _active.Values)
            call.SendWindow += (int)bytes - _peerInitialWindow;
        _peerInitialWindow = (int)bytes;
    }

    private void OnWindowUpdate(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        RequireLength(frame, 4);
        var increment = BinaryPrimitives.ReadUInt32BigEndian(payload) & int.MaxValue;
        if (frame.StreamId == 0)
            _sendWindow += increment;
        else if (_active.TryGetValue(frame.StreamId, out var call))
            call.SendWindow += increment;
        if (_blocked.Count > 0)
            PumpBlocked();
    }

    private static void OnGoAway(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 8)
            throw new Http2Exception("a GOAWAY frame too short");
        var code = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        throw new Http2Exception($"GOAWAY from the server, code {code}: {Encoding.UTF8.GetString(payload[8..])}");
    }

    private static void RequireLength(FrameHeader frame, int bytes)
    {
        if (frame.Length != bytes)
            throw new Http2Exception($"a {frame.Type} frame of {frame.Length} bytes instead of {bytes}");
    }

    private static ReadOnlySpan<byte> Unpad(FrameHeader frame, ReadOnlySpan<byte> payload)
    {
        if (!frame.Has(FrameHeader.Padded))
            return payload;
        if (payload.IsEmpty || payload[0] >= payload.Length)
            throw new Http2Exception("padding longer than its frame");
        return payload[1..^payload[0]];
    }
}
