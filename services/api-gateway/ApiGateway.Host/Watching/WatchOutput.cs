using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using ApiGateway.Core.Headers;
using ApiGateway.Core.Watching;
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
    // gRPC over HTTP/2, Length-Prefixed-Message: a flag (0: not compressed), then the length in big-endian.
    private const int PrefixBytes = 5;

    // A message up to this size lies in one piece of the body's buffer. A longer one is copied piece by piece.
    private const int MaxPieceBytes = 2048;

    // Two ids, a revision and a term, of at most eleven bytes each, and what frames them.
    private const int MaxHeadBytes = 64;

    // The header field, which is the same in all messages of a revision.
    private readonly byte[] _head = new byte[MaxHeadBytes];
    private int _headBytes;
    private long _headRevision = -1;
    private ulong _headTerm;

    private int _unflushedMessages;

    /// <summary>Bytes written since the last flush.</summary>
    public int UnflushedBytes { get; private set; }

    /// <summary>Begins a run of messages; nothing else may write until it is completed.</summary>
    public Run Begin() => new(this);

    /// <summary>Sends what was written; completes when the client, or the connection's buffer, has room for more.</summary>
    /// <exception cref="RpcException">The client has left.</exception>
    public async ValueTask FlushAsync()
    {
        counts.Sent(_unflushedMessages, UnflushedBytes - (PrefixBytes * _unflushedMessages));
        (UnflushedBytes, _unflushedMessages) = (0, 0);
        // Without a token: giving up a flush would reset the stream, and the client would not learn why the stream ended.
        var flushed = await body.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new RpcException(new Status(StatusCode.Cancelled, "the client has left"));
    }

    private ReadOnlySpan<byte> Head(long revision, ulong term)
    {
        if (revision != _headRevision || term != _headTerm)
        {
            var writer = new ProtoWriter(_head);
            header.Write(ref writer, revision, term);
            (_headBytes, _headRevision, _headTerm) = (writer.Written, revision, term);
        }
        return _head.AsSpan(0, _headBytes);
    }

    /// <summary>Messages written one behind the other into the same piece of the body's buffer.</summary>
    public ref struct Run(WatchOutput output)
    {
        private Span<byte> _piece;
        private int _used;

        public void Add(in WatchReply reply)
        {
            var head = output.Head(reply.Revision, reply.Term);
            var length = reply.Size(head.Length);
            var writer = Frame(length, reply.Events.Length, out var isWhole);
            reply.WriteFields(head, ref writer);
            Events(reply.Events.Span, ref writer, isWhole);
        }

        /// <summary>A message that says nothing but the events of a watch.</summary>
        public void AddEvents(long watchId, WatchContent content)
        {
            var head = output.Head(content.Revision, content.Term.Value);
            var events = content.Events;
            var writer = Frame(head.Length + ProtoWriter.Int64Size(WatchReply.WatchIdField, watchId) + events.Length, events.Length, out var isWhole);
            writer.Encoded(head);
            writer.Int64(WatchReply.WatchIdField, watchId);
            Events(events.Span, ref writer, isWhole);
        }

        // Begins a message: its prefix, and room for all of it, or for all but its events.
        private ProtoWriter Frame(int length, int eventBytes, out bool isWhole)
        {
            output.UnflushedBytes += PrefixBytes + length;
            output._unflushedMessages++;
            isWhole = length <= MaxPieceBytes;
            var contiguous = isWhole ? length : length - eventBytes;
            if (_piece.Length - _used < PrefixBytes + contiguous)
            {
                Complete();
                _piece = output.Body.GetSpan(PrefixBytes + contiguous);
            }
            _piece[_used] = 0;
            BinaryPrimitives.WriteInt32BigEndian(_piece[(_used + 1)..], length);
            var writer = new ProtoWriter(_piece.Slice(_used + PrefixBytes, contiguous));
            _used += PrefixBytes + contiguous;
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
