using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using ApiGateway.Core.KeepAlive;

namespace ApiGateway.Host.ClientPort;

/// <summary>
/// The bytes of an HTTP/2 connection, with an eye on how often the client pings: Kestrel answers any number of pings. A client that does it too often gets GOAWAY with
/// ENHANCE_YOUR_CALM and "too_many_pings", behind the answer to its last ping, and then nothing more: gRPC clients know this text, and ping less often on their next connection.
/// </summary>
/// <remarks>Kestrel flushes whole frames only, so what is appended to a flush stands between frames. Its reader and its writer are on different threads; frames are few.</remarks>
internal sealed class PolicedTransport : IDuplexPipe
{
    private const uint EnhanceYourCalm = 0xb;
    private const byte GoAway = 7;

    private readonly Lock _gate = new();
    private readonly PingPolicy _policy;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly Reader _input;
    private readonly Writer _output;

    // Too many pings; and the client has been told.
    private bool _isViolated;
    private volatile bool _isOver;

    public PolicedTransport(IDuplexPipe socket, ClientKeepAlive keepAlive, TimeProvider time)
    {
        (_policy, _time, _began) = (new PingPolicy(keepAlive.MinTime), time, time.GetTimestamp());
        (_input, _output) = (new Reader(this, socket.Input), new Writer(this, socket.Output));
    }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    /// <summary>The client was sent away.</summary>
    public bool IsOver => _isOver;

    private void Received(ref FrameCursor cursor, ReadOnlySpan<byte> bytes)
    {
        while (cursor.Next(ref bytes, out var head))
        {
            lock (_gate)
                _isViolated |= !_policy.Received(head, _time.GetElapsedTime(_began));
        }
    }

    private void Sent(ref FrameCursor cursor, ReadOnlySpan<byte> bytes)
    {
        while (cursor.Next(ref bytes, out var head))
        {
            lock (_gate)
                _policy.Sent(head);
        }
    }

    // True once: the client is to be told now.
    private bool TryEnd(out int lastStream)
    {
        lock (_gate)
        {
            lastStream = _policy.LastStream;
            if (!_isViolated || _isOver)
                return false;
            return _isOver = true;
        }
    }

    private sealed class Reader(PolicedTransport owner, PipeReader socket) : PipeReader
    {
        private FrameCursor _cursor = new(FrameCursor.ClientPrefaceBytes);
        private ReadOnlySequence<byte> _buffer;

        // Of the buffer: the rest is new.
        private long _seen;
        private bool _isReading;

        public override bool TryRead(out ReadResult result)
        {
            if (owner._isOver)
            {
                result = Ended;
                return true;
            }
            if (!socket.TryRead(out result))
                return false;
            result = Look(result);
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            if (owner._isOver)
                return new(Ended);
            var reading = socket.ReadAsync(cancellationToken);
            return reading.IsCompletedSuccessfully ? new(Look(reading.Result)) : AwaitAsync(reading);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            // A result that was made here has no buffer to give back.
            if (!_isReading)
                return;
            _isReading = false;
            _seen -= _buffer.Slice(0, consumed).Length;
            socket.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => socket.CancelPendingRead();

        public override void Complete(Exception? exception = null) => socket.Complete(exception);

        private static ReadResult Ended => new(default, isCanceled: false, isCompleted: true);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading) => Look(await reading.ConfigureAwait(false));

        private ReadResult Look(in ReadResult result)
        {
            (_buffer, _isReading) = (result.Buffer, true);
            foreach (var piece in _buffer.Slice(_seen))
                owner.Received(ref _cursor, piece.Span);
            _seen = _buffer.Length;
            return result;
        }
    }

    private sealed class Writer(PolicedTransport owner, PipeWriter socket) : PipeWriter
    {
        private FrameCursor _cursor = new(prefaceBytes: 0);
        private Memory<byte> _memory;

        public override bool CanGetUnflushedBytes => socket.CanGetUnflushedBytes;

        public override long UnflushedBytes => socket.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _memory = owner._isOver ? new byte[Math.Max(sizeHint, 1024)] : socket.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            if (owner._isOver)
                return;
            owner.Sent(ref _cursor, _memory.Span[..bytes]);
            _memory = _memory[bytes..];
            socket.Advance(bytes);
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            if (!owner._isOver)
            {
                owner.Sent(ref _cursor, source.Span);
                socket.Write(source.Span);
            }
            return FlushAsync(cancellationToken);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (owner.TryEnd(out var lastStream))
                SayGoodbye(lastStream);
            else if (owner._isOver)
                return new(new FlushResult(isCanceled: false, isCompleted: true));
            return socket.FlushAsync(cancellationToken);
        }

        public override void CancelPendingFlush() => socket.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => socket.Complete(exception);

        // GOAWAY (RFC 9113 §6.8): last stream, error, text. Whatever the client still says is not heard.
        private void SayGoodbye(int lastStream)
        {
            owner._input.CancelPendingRead();
            var text = "too_many_pings"u8;
            var frame = socket.GetSpan(17 + text.Length);
            frame[..9].Clear();
            frame[2] = (byte)(8 + text.Length);
            frame[3] = GoAway;
            BinaryPrimitives.WriteInt32BigEndian(frame[9..], lastStream);
            BinaryPrimitives.WriteUInt32BigEndian(frame[13..], EnhanceYourCalm);
            text.CopyTo(frame[17..]);
            socket.Advance(17 + text.Length);
        }
    }
}
