using System.Buffers;
using System.IO.Pipelines;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers;
using Microsoft.AspNetCore.Connections;

namespace Consensus.Tests.Peers;

public sealed class PeerOutboxTests : IDisposable
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));
    private readonly List<End> _ends = [];
    private readonly PeerMetrics.Member _metrics = new PeerMetrics().Of(new MemberId(2));
    private int _dropped;

    public void Dispose()
    {
        _deadline.Dispose();
        _ends.ForEach(end => end.Dispose());
    }

    private static Message Beat(ulong term) => new(MessageKind.Heartbeat, new MemberId(1), new MemberId(2), new Term(term));

    private static Message Append(ulong term, int bytes) => Beat(term) with
    {
        Kind = MessageKind.AppendRequest, Entries = [new Entry(new LogIndex(1), new Term(1), EntryKind.Command, new byte[bytes])],
    };

    private PeerOutbox NewOutbox() => new(_metrics, (in Message _) => _dropped++);

    private End NewEnd(long pauseAt = 0)
    {
        var end = new End(pauseAt);
        _ends.Add(end);
        return end;
    }

    [Fact]
    public async Task Post_WithoutConnection_IsLostAndNotSentLater()
    {
        var outbox = NewOutbox();
        outbox.Post(Beat(1));
        Assert.Equal(1, _dropped);
        outbox.Flush();
        var end = NewEnd();
        outbox.Attach(end.Connection);
        outbox.Post(Beat(2));
        outbox.Flush();
        Assert.Equal([2UL], await end.ReadAsync(1, _deadline.Token));
    }

    [Fact]
    public async Task Flush_SendsAllThatWasPostedInOrder()
    {
        var outbox = NewOutbox();
        var end = NewEnd();
        outbox.Attach(end.Connection);
        for (var term = 1UL; term <= 100; term++)
            outbox.Post(Beat(term));
        Assert.False(end.TryRead(out _));
        outbox.Flush();
        Assert.Equal(Enumerable.Range(1, 100).Select(term => (ulong)term), await end.ReadAsync(100, _deadline.Token));
    }

    [Fact]
    public async Task Flush_OtherEndDoesNotRead_ReturnsAndGoesOnWhenItDoes()
    {
        var outbox = NewOutbox();
        var end = NewEnd(pauseAt: 1000);
        outbox.Attach(end.Connection);
        for (var term = 1UL; term <= 20; term++)
        {
            outbox.Post(Append(term, 10_000));
            outbox.Flush();
        }
        Assert.Equal(Enumerable.Range(1, 20).Select(term => (ulong)term), await end.ReadAsync(20, _deadline.Token));
        Assert.Equal(0, _dropped);
    }

    [Fact]
    public async Task Post_OtherEndIsStuck_DropsBeyondItsBound()
    {
        var outbox = NewOutbox();
        var end = NewEnd(pauseAt: 1000);
        outbox.Attach(end.Connection);
        outbox.Post(Append(1, 10_000));
        outbox.Flush();
        for (var term = 2UL; term <= 101; term++)
            outbox.Post(Append(term, 1024 * 1024));
        Assert.InRange(_dropped, 36, 38);
        outbox.Flush();
        var kept = 101 - _dropped;
        Assert.Equal(Enumerable.Range(1, kept).Select(term => (ulong)term), await end.ReadAsync(kept, _deadline.Token));
    }

    [Fact]
    public async Task Attach_AnotherConnection_EndsTheOneBeforeAndUsesTheNewOne()
    {
        var outbox = NewOutbox();
        var (first, second) = (NewEnd(pauseAt: 1000), NewEnd());
        outbox.Attach(first.Connection);
        outbox.Post(Append(1, 10_000));
        outbox.Post(Append(2, 10_000));
        outbox.Flush();
        outbox.Attach(second.Connection);
        await first.Aborted.WaitAsync(_deadline.Token);
        outbox.Post(Beat(9));
        outbox.Flush();
        Assert.Equal(9UL, (await second.ReadAsync(1, _deadline.Token))[^1]);
        Assert.False(outbox.Detach(first.Connection));
        Assert.True(outbox.Detach(second.Connection));
        Assert.Null(outbox.Connection);
    }

    [Fact]
    public async Task Flush_ConnectionIsBroken_EndsItAndLeavesItsLossToItsReader()
    {
        var outbox = NewOutbox();
        var end = NewEnd();
        outbox.Attach(end.Connection);
        end.Break();
        outbox.Post(Beat(1));
        outbox.Flush();
        await end.Aborted.WaitAsync(_deadline.Token);
        // True is what makes the loss known as evidence, and the guest forgotten.
        Assert.True(outbox.Detach(end.Connection));
    }

    [Fact]
    public async Task Beat_Idle_SendsAPing()
    {
        var outbox = NewOutbox();
        var end = NewEnd();
        outbox.Attach(end.Connection);
        outbox.Beat();
        outbox.Post(Beat(3));
        outbox.Flush();
        Assert.Equal([3UL], await end.ReadAsync(1, _deadline.Token));
        Assert.Equal(1, end.Pings);
        Assert.True(_metrics.SentBytes.Value > 0);
    }

    /// <summary>The other end of a connection.</summary>
    private sealed class End : IDisposable
    {
        private readonly Pipe _pipe;
        private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public End(long pauseAt)
        {
            _pipe = new Pipe(new PipeOptions(pauseWriterThreshold: pauseAt, resumeWriterThreshold: pauseAt / 2));
            Connection = new PeerConnection(new Context(this));
        }

        public PeerConnection Connection { get; }

        public Task Aborted => _aborted.Task;

        public int Pings { get; private set; }

        /// <summary>Nothing more can be written.</summary>
        public void Break() => _pipe.Writer.Complete();

        public bool TryRead(out System.IO.Pipelines.ReadResult result) => _pipe.Reader.TryRead(out result);

        /// <summary>Terms of the next messages.</summary>
        public async Task<List<ulong>> ReadAsync(int messages, CancellationToken deadline)
        {
            var terms = new List<ulong>();
            while (terms.Count < messages)
            {
                var result = await _pipe.Reader.ReadAsync(deadline);
                var buffer = result.Buffer;
                while (PeerProtocol.TryRead(ref buffer, PeerProtocol.MaxFrameBytes, out var frame))
                {
                    if (frame.Ping != 0)
                        Pings++;
                    terms.AddRange(frame.Messages.Select(message => message.Term));
                }
                _pipe.Reader.AdvanceTo(buffer.Start, buffer.End);
            }
            return terms;
        }

        public void Dispose()
        {
            _pipe.Reader.Complete();
            _pipe.Writer.Complete();
        }

        private sealed class Context(End end) : DefaultConnectionContext("test", new DuplexPipe(end._pipe), new DuplexPipe(end._pipe))
        {
            public override void Abort(ConnectionAbortedException abortReason)
            {
                end._aborted.TrySetResult();
                // Whoever writes hears of it.
                end._pipe.Reader.Complete();
            }
        }

        private sealed class DuplexPipe(Pipe pipe) : IDuplexPipe
        {
            public PipeReader Input => pipe.Reader;
            public PipeWriter Output => pipe.Writer;
        }
    }
}
