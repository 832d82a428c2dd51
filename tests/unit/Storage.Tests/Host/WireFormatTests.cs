using System.Diagnostics;
using Consensus.Contracts;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Tests.Host;

/// <summary>Goal: what crosses a wire or the log comes out as it went in. Method: encode, decode, compare.</summary>
public sealed class WireFormatTests
{
    private static readonly ActivityContext s_trace =
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CommandEnvelope_EncodedAndDecoded_IsTheSame(bool traced)
    {
        var envelope = new CommandEnvelope(CommandKind.Txn, new SessionId(ulong.MaxValue), 7, 5, -3, traced ? s_trace : default);
        Assert.True(CommandEnvelope.TryDecode(envelope.Encode([1, 2, 3]), out var decoded, out var payload));
        Assert.Equal(envelope, decoded);
        Assert.Equal([1, 2, 3], payload.ToArray());
    }

    [Fact]
    public void CommandEnvelope_CutShort_IsRefused()
    {
        var command = new CommandEnvelope(CommandKind.Put, new SessionId(1), 7, 5, 1, s_trace).Encode([]);
        for (var length = 0; length < command.Length; length++)
            Assert.False(CommandEnvelope.TryDecode(command.AsMemory(0, length), out _, out _));
        command[0]++;
        Assert.False(CommandEnvelope.TryDecode(command, out _, out _));
    }

    [Fact]
    public void FeedBatch_Traced_KeepsTheTraceAndSharesEqualEvents()
    {
        byte[] message = [1, 2, 3];
        var batch = new FeedBatch(
            [new RevisionEvents(9, [new FeedEvent("k"u8.ToArray(), message, message, FeedEventKind.Put)], s_trace)], 9, 4, new Term(3));
        var back = batch.ToWire().FromWire();
        Assert.Equal(s_trace, back.Revisions.Single().Trace);
        Assert.Equal((9, 4, new Term(3)), (back.CurrentRevision, back.CompactRevision, back.Term));
        var change = back.Revisions[0].Events.Single();
        Assert.True(change.Event.Equals(change.EventWithPrevious));
    }

    [Fact]
    public void FeedBatch_RemovedDirectory_KeepsWhatWentWithIt()
    {
        foreach (var removed in (RemovedPaths?[])[null, RemovedPaths.None, RemovedPaths.Of(["a"u8.ToArray(), "a/b"u8.ToArray()])])
        {
            var sent = new FeedEvent("/d"u8.ToArray(), "{}"u8.ToArray(), "{}"u8.ToArray(), FeedEventKind.Delete | FeedEventKind.Directory) { Removed = removed };
            var back = new FeedBatch([new RevisionEvents(9, [sent], default)], 9, 4, new Term(3)).ToWire().FromWire().Revisions[0].Events.Single();
            Assert.Equal(removed is null, back.Removed is null);
            Assert.Equal(removed?.Encoded.ToArray(), back.Removed?.Encoded.ToArray());
        }
    }
}
