using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>How followers hear what is committed: with the next append, else by a message of its own that needs no answer.</summary>
public sealed class CommitNoticeTests : SingleNodeTests
{
    [Fact]
    public void StepCommit_EntriesAreThere_CommitsAndAnswersNothing()
    {
        var node = Node();
        Step(node, Append(B, 1, 0, 0, 0, 1, 1));
        Step(node, Notice(index: 2, indexTerm: 1, commit: 2));
        Assert.Equal(2ul, node.CommitIndex.Value);
        Assert.Empty(_sent);
    }

    [Fact]
    public void StepCommit_AppendBeforeItWasLost_IsRefusedAndCommitsNothing()
    {
        var node = Node();
        Step(node, Append(B, 1, 0, 0, 0, 1));
        Step(node, Notice(index: 2, indexTerm: 1, commit: 2));
        Assert.Equal(0ul, node.CommitIndex.Value);
        Assert.True(Assert.Single(_sent) is { Kind: MessageKind.AppendAnswer, Rejected: true });
    }

    [Fact]
    public void StepAppendAnswer_Committed_FedFollowerIsToldOnce()
    {
        var node = Leader();
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = node.LastIndex });
        Assert.Single(_sent, message => message.Kind == MessageKind.Commit && message.To == B && message.Commit == node.CommitIndex);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = node.LastIndex });
        Assert.DoesNotContain(_sent, message => message.Kind == MessageKind.Commit);
    }

    private static Message Notice(ulong index, ulong indexTerm, ulong commit) =>
        new(MessageKind.Commit, B, A, new(1)) { Index = new(index), IndexTerm = new(indexTerm), Commit = new(commit) };
}
