using System.Buffers.Binary;
using Bench.Http2.Hpack;

namespace Bench.Http2;

/// <summary>
/// The client side of one HTTP/2 connection that carries gRPC calls (RFC 9113, prior knowledge, cleartext), as a state machine:
/// bytes in by <see cref="Receive"/>, bytes out by <see cref="Output"/>. Knows no socket and no clock. Not thread-safe.
/// </summary>
/// <remarks>
/// Written by hand because the generator shares the processor with the server it measures: see BENCHMARKS.md for what a call costs
/// here and with Grpc.Net.Client. It obeys flow control both ways, the server's limit on concurrent streams, and answers pings.
/// </remarks>
internal sealed partial class Http2Session
{
    // Large enough that the server never waits for our credit; still granted only against bytes that were consumed.
    private const int StreamWindowBytes = 8 * 1024 * 1024;
    private const int ConnectionWindowBytes = 64 * 1024 * 1024;
    private const int ProtocolDefaultWindowBytes = 65_535;
    private const int DefaultMaxFrameBytes = 16_384;

    private const int SettingHeaderTableSize = 1;
    private const int SettingEnablePush = 2;
    private const int SettingMaxConcurrentStreams = 3;
    private const int SettingInitialWindowSize = 4;
    private const int SettingMaxFrameSize = 5;

    private readonly string _authority;
    private readonly HpackDecoder _hpack = new();
    private readonly Dictionary<int, GrpcCall> _active = [];
    private readonly Queue<GrpcCall> _unopened = [];
    private readonly Queue<GrpcCall> _blocked = [];

    // Set once by the server's first SETTINGS; no request leaves before them, so it never changes under the encoder.
    private RequestHeaders? _requestHeaders;
    private int _nextStreamId = 1;
    private long _sendWindow = ProtocolDefaultWindowBytes;
    private int _uncreditedBytes;
    private uint _peerMaxStreams = int.MaxValue;
    private int _peerInitialWindow = ProtocolDefaultWindowBytes;
    private int _peerMaxFrameBytes = DefaultMaxFrameBytes;

    // The header block of _headersStream so far, while CONTINUATION frames are awaited.
    private readonly List<byte> _headerBlock = [];
    private int _headersStream;
    private bool _headersEndStream;

    public Http2Session(string authority)
    {
        _authority = authority;
        WritePreface();
    }

    /// <summary>What has to be sent, in order.</summary>
    public OutputBuffer Output { get; } = new();

    /// <summary>True once the server's SETTINGS are known. Calls started earlier wait for them.</summary>
    public bool IsReady => _requestHeaders is not null;

    /// <summary>Starts a call and sends its first message; half-closes it when <paramref name="isLast"/>.</summary>
    public void Start(GrpcCall call, GrpcMethod method, ReadOnlySpan<byte> message, bool isLast)
    {
        call.Begin(method);
        call.Enqueue(message, isLast);
        if (CanOpen)
            Open(call);
        else
            _unopened.Enqueue(call);
    }

    /// <summary>Sends a further message of a streaming call.</summary>
    public void Send(GrpcCall call, ReadOnlySpan<byte> message, bool isLast)
    {
        call.Enqueue(message, isLast);
        if (call.StreamId != 0 && !call.IsBlocked)
            Pump(call);
    }

    private bool CanOpen => _requestHeaders is not null && (uint)_active.Count < _peerMaxStreams;

    private void Open(GrpcCall call)
    {
        call.StreamId = _nextStreamId;
        call.SendWindow = _peerInitialWindow;
        _nextStreamId += 2;
        _active.Add(call.StreamId, call);
        WriteHeaders(call);
        Pump(call);
    }

    private void OpenWaiting()
    {
        while (CanOpen && _unopened.TryDequeue(out var call))
            Open(call);
    }

    /// <summary>Sends as much of the call's messages as both windows allow.</summary>
    private void Pump(GrpcCall call)
    {
        while (!call.Unsent.IsEmpty)
        {
            var allowed = (int)Math.Min(Math.Min(_sendWindow, call.SendWindow), Math.Min(_peerMaxFrameBytes, call.Unsent.Length));
            if (allowed <= 0)
            {
                call.IsBlocked = true;
                _blocked.Enqueue(call);
                return;
            }
            var isLast = call.EndsAfterSend && allowed == call.Unsent.Length;
            WriteFrame(FrameType.Data, isLast ? FrameHeader.EndStream : (byte)0, call.StreamId, call.Unsent[..allowed]);
            call.Sent(allowed);
            call.SendWindow -= allowed;
            _sendWindow -= allowed;
        }
    }

    /// <summary>Windows grew: every blocked call gets one turn, in the order in which they blocked.</summary>
    private void PumpBlocked()
    {
        for (var n = _blocked.Count; n > 0; n--)
        {
            var call = _blocked.Dequeue();
            if (!call.IsBlocked || !_active.TryGetValue(call.StreamId, out var current) || current != call)
                continue; // It ended, or was started again, while it waited.
            call.IsBlocked = false;
            Pump(call);
        }
    }

    private void WritePreface()
    {
        var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
        preface.CopyTo(Output.Reserve(preface.Length));
        Output.Advance(preface.Length);
        Span<byte> settings = stackalloc byte[12];
        WriteSetting(settings, SettingEnablePush, 0);
        WriteSetting(settings[6..], SettingInitialWindowSize, StreamWindowBytes);
        WriteFrame(FrameType.Settings, 0, 0, settings);
        WriteWindowUpdate(0, ConnectionWindowBytes - ProtocolDefaultWindowBytes);
    }

    private static void WriteSetting(Span<byte> target, ushort id, uint value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(target, id);
        BinaryPrimitives.WriteUInt32BigEndian(target[2..], value);
    }

    private void WriteHeaders(GrpcCall call)
    {
        var target = Output.Reserve(FrameHeader.Bytes + RequestHeaders.MaxBytes);
        var length = _requestHeaders!.Encode(call.Method, target[FrameHeader.Bytes..]);
        new FrameHeader(length, FrameType.Headers, FrameHeader.EndHeaders, call.StreamId).Write(target);
        Output.Advance(FrameHeader.Bytes + length);
    }

    private void WriteWindowUpdate(int streamId, int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        WriteFrame(FrameType.WindowUpdate, 0, streamId, payload);
    }

    private void WriteFrame(FrameType type, byte flags, int streamId, ReadOnlySpan<byte> payload)
    {
        var target = Output.Reserve(FrameHeader.Bytes + payload.Length);
        new FrameHeader(payload.Length, type, flags, streamId).Write(target);
        payload.CopyTo(target[FrameHeader.Bytes..]);
        Output.Advance(FrameHeader.Bytes + payload.Length);
    }
}
