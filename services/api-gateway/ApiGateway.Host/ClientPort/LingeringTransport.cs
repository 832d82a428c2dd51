using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace ApiGateway.Host.ClientPort;

/// <summary>
/// A connection's bytes, which stay open when Kestrel is done with them. Kestrel says GOAWAY and closes at once; what the client had on its way then meets a closed socket,
/// which resets the connection, and a client that sees the reset before it has read the GOAWAY cannot know that nobody served its last requests. So the socket goes on
/// taking what still comes, unread, until the client has closed (RFC 9113 §6.8).
/// </summary>
internal sealed class LingeringTransport : IDuplexPipe
{
    // What grpc-go gives its clients.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    private readonly IDuplexPipe _socket;
    private readonly Reader _input;
    private readonly Writer _output;

    public LingeringTransport(IDuplexPipe socket) => (_socket, _input, _output) = (socket, new Reader(socket.Input), new Writer(socket.Output));

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    /// <summary>Sends what was written last and, if asked, waits for the client to close; then lets the socket know that this side is done.</summary>
    public async Task EndAsync(bool waitsForClient, TimeProvider time)
    {
        Exception? broken = null;
        try
        {
            using var limit = new CancellationTokenSource(s_limit, time);
            await _socket.Output.FlushAsync(limit.Token).ConfigureAwait(false);
            if (waitsForClient)
                await DiscardAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            // The client broke the connection, or stays: there is nothing more to wait for.
            broken = exception as IOException;
        }
        await _socket.Input.CompleteAsync(_input.Error ?? broken).ConfigureAwait(false);
        await _socket.Output.CompleteAsync(_output.Error ?? broken).ConfigureAwait(false);
    }

    private async Task DiscardAsync(CancellationToken limit)
    {
        _input.EndRead();
        while (true)
        {
            var result = await _socket.Input.ReadAsync(limit).ConfigureAwait(false);
            _socket.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private sealed class Reader(PipeReader socket) : PipeReader
    {
        // What was read last was not given back: a reader that completes need not.
        private bool _isReading;

        public Exception? Error { get; private set; }

        public override bool TryRead(out ReadResult result) => _isReading = socket.TryRead(out result);

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var reading = socket.ReadAsync(cancellationToken);
            // One that fails has read nothing that could be given back.
            if (!reading.IsCompletedSuccessfully)
                return AwaitAsync(reading);
            _isReading = true;
            return reading;
        }

        public override void AdvanceTo(SequencePosition consumed)
        {
            _isReading = false;
            socket.AdvanceTo(consumed);
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _isReading = false;
            socket.AdvanceTo(consumed, examined);
        }

        /// <summary>Gives it back, if need be, as not consumed.</summary>
        public void EndRead()
        {
            if (_isReading)
                AdvanceTo(default);
        }

        public override void CancelPendingRead() => socket.CancelPendingRead();

        public override void Complete(Exception? exception = null) => Error = exception;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading)
        {
            var result = await reading.ConfigureAwait(false);
            _isReading = true;
            return result;
        }
    }

    private sealed class Writer(PipeWriter socket) : PipeWriter
    {
        public Exception? Error { get; private set; }

        public override bool CanGetUnflushedBytes => socket.CanGetUnflushedBytes;

        public override long UnflushedBytes => socket.UnflushedBytes;

        public override void Advance(int bytes) => socket.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => socket.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => socket.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => socket.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            socket.WriteAsync(source, cancellationToken);

        public override void CancelPendingFlush() => socket.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => Error = exception;
    }
}
