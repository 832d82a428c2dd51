using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Logs that begin anew because the leader's no longer reaches back (Raft §7, without the state).</summary>
public class SnapshotTests : SingleNodeTests
{
    private static Message Snapshot(ulong term, ulong index, ulong indexTerm) => new(MessageKind.Snapshot, B, A, new(term))
    {
        Index = new(index),
        IndexTerm = new(indexTerm),
        Data = ConfigurationFormat.Encode(Configurations.Of(1, 2, 4)),
    };

    [Fact]
    public void SendAppends_FollowerBelowTheLog_ToldToBeginAnew()
    {
        var node = Leader(logTerms: [1, 1, 1]);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = node.LastIndex });
        _disk.Drop(new(3));
        node.LogDropped(new(3));
        Step(node, new Message(MessageKind.AppendAnswer, C, A, node.Term) { Index = new(3), Rejected = true });
        var message = Assert.Single(_sent, m => m.To == C);
        Assert.Equal((MessageKind.Snapshot, 2ul, 1ul), (message.Kind, message.Index.Value, message.IndexTerm.Value));
        Assert.True(ConfigurationFormat.TryDecode(message.Data.Span, out var configuration));
        Assert.Equal([1ul, 2ul, 3ul], configuration.Voters());

        // One at a time, again at a sign of life, and on from there.
        node.Propose([new byte[1]], out _);
        Work(node);
        Assert.DoesNotContain(_sent, m => m.To == C && m.Kind != MessageKind.Heartbeat);
        Step(node, new Message(MessageKind.HeartbeatAnswer, C, A, node.Term));
        Assert.Single(_sent, m => m.To == C && m.Kind == MessageKind.Snapshot);
        Step(node, new Message(MessageKind.AppendAnswer, C, A, node.Term) { Index = new(2) });
        Assert.Equal(2ul, Assert.Single(_sent, m => m.To == C && m.Kind == MessageKind.AppendRequest).Index.Value);
    }

    [Fact]
    public void Step_Snapshot_BeginsAnewAfterItAndAnswersOnceStored()
    {
        var node = Node(term: 1, logTerms: [1, 1]);
        Assert.Equal(RaftError.None, node.Step(Snapshot(3, 9, 3)));
        Assert.True(node.TryTakeReady(out var ready));
        Assert.Equal((9ul, 3ul), (ready.Reset!.Index.Value, ready.Reset.Term.Value));
        Assert.True(ready.MustSync);
        Assert.Empty(ready.Messages);
        Assert.Equal(9ul, Assert.Single(ready.MessagesAfterPersist).Index.Value);
        Assert.Equal((9ul, 9ul, 10ul), (node.CommitIndex.Value, node.LastIndex.Value, node.FirstIndex.Value));
        Assert.Equal([1ul, 2ul, 4ul], node.Configuration!.Voters());

        _disk.Store(ready);
        node.Advance(ready);
        Step(node, Append(B, 3, 9, 3, 10, 3));
        Assert.Equal(10ul, node.CommitIndex.Value);
        Assert.Equal([1ul, 2ul, 4ul], Start(new RaftOptions { Self = A, Seed = 1 }).Configuration!.Voters());
    }

    [Fact]
    public void Step_SnapshotOfWhatTheLogHolds_CommitsAndKeepsIt()
    {
        var node = Node(term: 1, logTerms: [1, 1, 1]);
        Step(node, Snapshot(2, 2, 1));
        Assert.Equal((2ul, 3ul), (node.CommitIndex.Value, node.LastIndex.Value));
        Assert.Equal(1ul, node.FirstIndex.Value);
    }

    [Fact]
    public void Step_SnapshotBelowCommit_ChangesNothing()
    {
        var node = Node(term: 1, logTerms: [1, 1, 1]);
        Step(node, Append(B, 1, 3, 1, 3));
        Step(node, Snapshot(1, 2, 1));
        Assert.Equal(3ul, Assert.Single(_sent, m => m.Kind == MessageKind.AppendAnswer).Index.Value);
        Assert.Equal(1ul, node.FirstIndex.Value);
    }

    [Fact]
    public void Advance_LogBegunAnewMeanwhile_DoesNotCountAsStored()
    {
        var node = Node();
        node.Step(Append(B, 1, 0, 0, 0, 1, 1));
        Assert.True(node.TryTakeReady(out var first));
        node.Step(Snapshot(2, 7, 2));
        node.Step(Append(B, 2, 7, 2, 7, 2));
        node.Advance(first);
        Assert.True(node.TryTakeReady(out var second));
        Assert.NotNull(second.Reset);
        Assert.Equal(8ul, Assert.Single(second.Entries).Index.Value);
        node.Advance(second);
        Assert.False(node.TryTakeReady(out _));
    }
}
