using System.Buffers;
using System.IO.Pipelines;
using ApiGateway.Core.Headers;
using ApiGateway.Core.Watching;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using EtcdApi.Wire;
using Grpc.Core;
using WatchHub.Contracts;

namespace ApiGateway.Host.Watching;

/// <summary>
/// Writes watch responses into the body of a gRPC call, as many as there are, before one flush. It frames them itself: the writer that gRPC
/// offers takes one message at a time, which costs a delivered event more than everything else together.
/// </summary>
/// <remarks>One writer at a time. The call's headers go out with the first flush, its status as ever when the handler returns.</remarks>
internal sealed class WatchOutput(PipeWriter body, ResponseHeaderWriter header, MethodMetrics counts)
{
    // A message up to this size lies in one piece of the body's buffer. A longer one is copied piece by piece.
    private const int MaxPieceBytes = 2048;

    // What a run reserves at once at most.
    private const int MaxRunBytes = 32 * 1024;

    // Most messages are of the revision before.
    private readonly EncodedHeader _header = new(header);

    private int _unflushedMessages;

    /// <summary>Bytes written since the last flush.</summary>
    public int UnflushedBytes { get; private set; }

    /// <summary>Begins a run of at most so many messages; nothing else may write until it is completed.</summary>
    public Run Begin(int messages) => new(this, messages);

    /// <summary>Sends what was written; completes when the client, or the connection's buffer, has room for more.</summary>
    /// <exception cref="RpcException">The client has left.</exception>
    public async ValueTask FlushAsync()
    {
        counts.Sent(_unflushedMessages, UnflushedBytes - (MessageFrame.PrefixBytes * _unflushedMessages));
        (UnflushedBytes, _unflushedMessages) = (0, 0);
        // Without a token: giving up a flush would reset the stream, and the client would not learn why the stream ended.
        var flushed = await body.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new RpcException(new Status(StatusCode.Cancelled, "the client has left"));
    }

    /// <summary>Messages written one behind the other into the same piece of the body's buffer.</summary>
    public ref struct Run(WatchOutput output, int messages)
    {
        private Span<byte> _piece;
        private int _used;
        private int _left = messages;

        public void Add(in WatchReply reply)
        {
            var head = output._header.At(reply.Revision, reply.Term);
            var length = reply.Size(head.Length);
            var writer = Frame(length, reply.Events.Length, out var isWhole);
            reply.WriteFields(head, ref writer);
            Events(reply.Events.Span, ref writer, isWhole);
        }

        /// <summary>A message that says nothing but the events of a watch.</summary>
        public void AddEvents(long watchId, WatchContent content)
        {
            var head = output._header.At(content.Revision, content.Term.Value);
            var events = content.Events;
            var writer = Frame(head.Length + ProtoWriter.Int64Size(WatchReply.WatchIdField, watchId) + events.Length, events.Length, out var isWhole);
            writer.Encoded(head);
            writer.Int64(WatchReply.WatchIdField, watchId);
            Events(events.Span, ref writer, isWhole);
        }

        // Begins a message: its prefix, and room for all of it, or for all but its events.
        private ProtoWriter Frame(int length, int eventBytes, out bool isWhole)
        {
            output.UnflushedBytes += MessageFrame.PrefixBytes + length;
            output._unflushedMessages++;
            isWhole = length <= MaxPieceBytes;
            _left--;
            var contiguous = isWhole ? length : length - eventBytes;
            if (_piece.Length - _used < MessageFrame.PrefixBytes + contiguous)
            {
                Complete();
                var bytes = MessageFrame.PrefixBytes + contiguous;
                // Those that follow are much alike: one piece for all of them costs less than a small one for each few.
                _piece = output.Body.GetSpan(isWhole ? Math.Max(bytes, Math.Min(bytes * (_left + 1), MaxRunBytes)) : bytes);
            }
            MessageFrame.Write(_piece[_used..], length);
            var writer = new ProtoWriter(_piece.Slice(_used + MessageFrame.PrefixBytes, contiguous));
            _used += MessageFrame.PrefixBytes + contiguous;
            return writer;
        }

        private void Events(ReadOnlySpan<byte> events, ref ProtoWriter writer, bool isWhole)
        {
            if (isWhole)
            {
                writer.Encoded(events);
                return;
            }
            Complete();
            output.Body.Write(events);
        }

        /// <summary>Hands the messages over to the body.</summary>
        public void Complete()
        {
            if (_used > 0)
                output.Body.Advance(_used);
            _piece = default;
            _used = 0;
        }
    }

    private PipeWriter Body => body;
}
