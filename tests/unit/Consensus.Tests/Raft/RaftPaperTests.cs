using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>The rules of the paper, one a test, in the order of its sections; a single node is driven by hand-made messages.</summary>
public class RaftPaperTests : SingleNodeTests
{
    // §5.1

    [Theory]
    [InlineData(MessageKind.AppendRequest)]
    [InlineData(MessageKind.VoteRequest)]
    [InlineData(MessageKind.AppendAnswer)]
    public void Step_NewerTerm_BecomesFollowerOfThatTerm(MessageKind kind)
    {
        var node = Leader();
        // A leader that was heard ignores vote requests; the sender has waited an election timeout (thesis §4.2.3).
        if (kind == MessageKind.VoteRequest)
        {
            for (var i = 0; i < 10; i++)
                node.Tick();
        }
        Step(node, new Message(kind, B, A, new(9)));
        Assert.Equal(Role.Follower, node.Role);
        Assert.Equal(9ul, node.Term.Value);
    }

    [Fact]
    public void Step_AppendOfOlderTerm_RefusedWithNewerTerm()
    {
        var node = Node(term: 5);
        Step(node, Append(B, 4, 0, 0, 0, 4));
        Assert.Empty(_disk.Entries);
        Assert.Contains(_sent, m => m is { Kind: MessageKind.AppendAnswer, Rejected: true, Term.Value: 5 });
    }

    // §5.2

    [Fact]
    public void Tick_NoLeaderForElectionTimeout_StartsPreVote()
    {
        var node = Node();
        for (var i = 0; i < 9; i++)
            node.Tick();
        Assert.Equal(Role.Follower, node.Role);
        for (var i = 0; i < 11; i++)
            node.Tick();
        Assert.Equal(Role.PreCandidate, node.Role);
        Assert.Equal(0ul, node.Term.Value);
    }

    [Fact]
    public void Tick_HeartbeatsArrive_StaysFollower()
    {
        var node = Node();
        for (var i = 0; i < 100; i++)
        {
            node.Tick();
            if (i % 5 == 0)
                Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        }
        Assert.Equal(Role.Follower, node.Role);
        Assert.Equal(B, node.Leader);
    }

    [Fact]
    public void Campaign_MajorityOfVotes_BecomesLeader()
    {
        var node = Leader(voters: 5);
        Assert.Equal(1ul, node.Term.Value);
        Assert.Equal(A, _disk.HardState.Vote);
    }

    [Fact]
    public void Campaign_RefusedByMajority_BecomesFollower()
    {
        var node = Node();
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        Step(node, new Message(MessageKind.PreVoteAnswer, B, A, new(1)));
        Step(node, new Message(MessageKind.VoteAnswer, B, A, new(1)) { Rejected = true });
        Assert.Equal(Role.Candidate, node.Role);
        Step(node, new Message(MessageKind.VoteAnswer, C, A, new(1)) { Rejected = true });
        Assert.Equal(Role.Follower, node.Role);
    }

    [Fact]
    public void Campaign_VoteRequest_WaitsForStoredVote()
    {
        var node = Node();
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        node.Step(new Message(MessageKind.PreVoteAnswer, B, A, new(1)));
        Assert.True(node.TryTakeReady(out var ready));
        Assert.True(ready.MustSync);
        Assert.Equal(A, ready.HardState.Vote);
        Assert.DoesNotContain(ready.Messages, m => m.Kind == MessageKind.VoteRequest);
        Assert.Equal(2, ready.MessagesAfterPersist.Count(m => m.Kind == MessageKind.VoteRequest));
    }

    [Fact]
    public void Step_SecondCandidateInTerm_Refused()
    {
        var node = Node();
        Step(node, Vote(B, 2));
        Assert.Contains(_sent, m => m is { Kind: MessageKind.VoteAnswer, Rejected: false });
        Step(node, Vote(C, 2));
        Assert.Contains(_sent, m => m is { Kind: MessageKind.VoteAnswer, Rejected: true });
        Assert.Equal(B, _disk.HardState.Vote);
    }

    [Fact]
    public void Restart_AfterVote_DoesNotVoteTwice()
    {
        var node = Node(term: 3, vote: B);
        Step(node, Vote(C, 3));
        Assert.Contains(_sent, m => m is { Kind: MessageKind.VoteAnswer, Rejected: true });
        Step(node, Vote(B, 3));
        Assert.Contains(_sent, m => m is { Kind: MessageKind.VoteAnswer, Rejected: false });
    }

    [Fact]
    public void Start_SingleVoter_LeadsInOneStep()
    {
        var node = Node(voters: 1);
        Assert.Equal(Role.Leader, node.Role);
        Work(node);
        Assert.True(node.IsReadable);
        Assert.Equal(1ul, node.CommitIndex.Value);
    }

    // §5.3

    [Fact]
    public void Propose_Leader_SendsBeforeItsOwnDiskHasIt()
    {
        var node = Leader();
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(1) });
        Assert.Equal(RaftError.None, node.Propose([new byte[] { 1 }, new byte[] { 2 }], out var first));
        Assert.Equal(2ul, first.Value);
        Assert.True(node.TryTakeReady(out var ready));
        Assert.Contains(ready.Messages, m => m.To == B && m.Entries!.Length == 2);
        Assert.Equal(2, ready.Entries.Length);
    }

    [Fact]
    public void Commit_Leader_CountsItsOwnDiskOnlyWhenStored()
    {
        var node = Leader();
        node.Propose([new byte[] { 1 }], out _);
        Assert.True(node.TryTakeReady(out var ready));
        node.Step(new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(2) });
        Assert.Equal(1ul, node.CommitIndex.Value);
        node.Advance(ready);
        Assert.Equal(2ul, node.CommitIndex.Value);
    }

    [Fact]
    public void Step_AppendWithoutMatchingPrevious_RefusedWithHint()
    {
        var node = Node(term: 4, logTerms: [1, 1, 4, 4]);
        Step(node, Append(B, 5, previous: 4, previousTerm: 2, commit: 0));
        var answer = Assert.Single(_sent, m => m.Kind == MessageKind.AppendAnswer);
        Assert.True(answer.Rejected);
        // The whole of term 4 is skipped at once.
        Assert.Equal(2ul, answer.HintIndex.Value);
        Assert.Equal(1ul, answer.HintTerm.Value);
    }

    [Fact]
    public void Step_AppendConflictingTerm_TruncatesSuffix()
    {
        var node = Node(term: 2, logTerms: [1, 1, 2, 2]);
        Step(node, Append(B, 3, previous: 2, previousTerm: 1, commit: 0, 3));
        Assert.Equal([1ul, 1ul, 3ul], _disk.Entries.Select(entry => entry.Term.Value));
    }

    [Fact]
    public void Step_AppendAlreadyStored_KeepsWhatFollows()
    {
        var node = Node(term: 1, logTerms: [1, 1, 1]);
        Step(node, Append(B, 1, previous: 0, previousTerm: 0, commit: 0, 1));
        Assert.Equal(3, _disk.Entries.Count);
    }

    [Fact]
    public void Advance_SuffixCutMeanwhile_DoesNotCountAsStored()
    {
        var node = Node();
        node.Step(Append(B, 1, 0, 0, 0, 1, 1));
        Assert.True(node.TryTakeReady(out var first));
        node.Step(Append(C, 2, 0, 0, 0, 2, 2));
        Assert.True(node.TryTakeReady(out var second));
        node.Advance(first);
        Assert.Equal(2ul, second.Entries[0].Term.Value);
        node.Advance(second);
        Assert.False(node.TryTakeReady(out _));
    }

    [Fact]
    public void Step_Append_CommitsNoFurtherThanItsEntries()
    {
        var node = Node(term: 1, logTerms: [1, 1, 1]);
        Step(node, Append(B, 1, previous: 1, previousTerm: 1, commit: 3, 1));
        Assert.Equal(2ul, node.CommitIndex.Value);
    }

    [Fact]
    public void Step_Refusal_LeaderSkipsConflictingTerms()
    {
        var node = Leader(logTerms: [1, 1, 2, 2, 2, 2]);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term)
        {
            Index = new(6), Rejected = true, HintIndex = new(6), HintTerm = new(1),
        });
        var append = Assert.Single(_sent, m => m.Kind == MessageKind.AppendRequest && m.To == B);
        Assert.Equal(2ul, append.Index.Value);
    }

    // §5.4.1

    [Theory]
    [InlineData(3, 2, true)]
    [InlineData(4, 2, true)]
    [InlineData(1, 3, true)]
    [InlineData(2, 2, false)]
    [InlineData(9, 1, false)]
    public void Step_VoteRequest_GrantedOnlyToCompleteLog(ulong lastIndex, ulong lastTerm, bool granted)
    {
        var node = Node(term: 2, logTerms: [1, 2, 2]);
        Step(node, Vote(B, 4, lastIndex, lastTerm));
        Assert.Equal(granted, !Assert.Single(_sent, m => m.Kind == MessageKind.VoteAnswer).Rejected);
    }

    // §5.4.2

    [Fact]
    public void Commit_EntryOfEarlierTerm_OnlyTogetherWithOneOfThisTerm()
    {
        var node = Leader(logTerms: [1, 2]);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(2) });
        Assert.Equal(0ul, node.CommitIndex.Value);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(3) });
        Assert.Equal(3ul, node.CommitIndex.Value);
    }

    // §8

    [Fact]
    public void BecomeLeader_NewTerm_OpensWithEmptyEntry()
    {
        var node = Leader();
        Assert.Equal(EntryKind.Empty, Assert.Single(_disk.Entries).Kind);
        Assert.False(node.IsReadable);
    }

    // Thesis §4.2.3, §6.2, §6.4, §9.6

    [Fact]
    public void Step_VoteRequestWhileLeaderIsHeard_Ignored()
    {
        var node = Node();
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        Step(node, Vote(C, 5));
        Assert.Equal(1ul, node.Term.Value);
        Assert.Empty(_sent);
    }

    [Fact]
    public void Tick_LeaderHearsNoQuorum_StepsDown()
    {
        var node = Leader();
        for (var i = 0; i < 21; i++)
            node.Tick();
        Assert.Equal(Role.Follower, node.Role);
        Assert.Equal(default, node.Leader);
    }

    [Fact]
    public void Step_PreVoteRequest_ChangesNothing()
    {
        var node = Node(term: 1);
        Step(node, new Message(MessageKind.PreVoteRequest, B, A, new(2)));
        Assert.Contains(_sent, m => m is { Kind: MessageKind.PreVoteAnswer, Rejected: false, Term.Value: 2 });
        Assert.Equal(1ul, node.Term.Value);
        Assert.Equal(default, _disk.HardState.Vote);
    }

    [Fact]
    public void RequestRead_ManyInOneTurn_ShareOneRound()
    {
        var node = Leader();
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(1) });
        for (var i = 1ul; i <= 10; i++)
            node.RequestRead(i);
        Work(node);
        var heartbeat = Assert.Single(_sent, m => m.Kind == MessageKind.Heartbeat && m.To == B);
        Assert.Empty(_reads);
        Step(node, new Message(MessageKind.HeartbeatAnswer, B, A, node.Term) { Context = heartbeat.Context });
        Assert.Equal(10, _reads.Count(read => read.IsConfirmed && read.Index.Value == 1));
    }

    [Fact]
    public void RequestRead_BeforeOwnTermCommits_Waits()
    {
        var node = Leader();
        node.RequestRead(1);
        Work(node);
        Assert.DoesNotContain(_sent, m => m.Kind == MessageKind.Heartbeat && m.Context > 0);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(1) });
        Assert.Contains(_sent, m => m.Kind == MessageKind.Heartbeat && m.Context > 0);
    }

    // Limits and bad input

    [Fact]
    public void Propose_TooManyUncommitted_RefusedUntilCommit()
    {
        var node = Leader(maxUncommitted: 10);
        Assert.Equal(RaftError.None, node.Propose([new byte[20]], out _));
        Assert.Equal(RaftError.TooManyUncommitted, node.Propose([new byte[1]], out _));
        Work(node);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(2) });
        Assert.Equal(RaftError.None, node.Propose([new byte[1]], out _));
    }

    [Fact]
    public void Propose_Follower_NotLeader() =>
        Assert.Equal(RaftError.NotLeader, Node().Propose([new byte[1]], out _));

    [Fact]
    public void Step_MalformedInput_RefusedWithoutEffect()
    {
        var node = Node(term: 1);
        Assert.Equal(RaftError.UnknownPeer, node.Step(new Message(MessageKind.VoteAnswer, new(77), A, new(9))));
        Assert.Equal(RaftError.UnknownPeer, node.Step(new Message(MessageKind.AppendAnswer, new(77), A, new(9))));
        Assert.Equal(RaftError.UnknownPeer, node.Step(new Message(MessageKind.Heartbeat, B, C, new(9))));
        Assert.Equal(RaftError.MalformedMessage, node.Step(new Message((MessageKind)99, B, A, new(9))));
        Assert.Equal(RaftError.MalformedMessage, node.Step(Append(B, 9, 0, 0, 0, 5, 4)));
        Assert.Equal(RaftError.MalformedMessage, node.Step(Append(B, 9, 0, 0, 0, 10)));
        Assert.Equal(RaftError.MalformedMessage, node.Step(new Message(MessageKind.Snapshot, B, A, new(9)) { Index = new(3), IndexTerm = new(2) }));
        Assert.Equal(RaftError.MalformedMessage, node.Step(new Message(MessageKind.AppendRequest, B, A, new(9))
        {
            Entries = [new Entry(new(1), new(9), EntryKind.Configuration, new byte[] { 7 })],
        }));
        Assert.Equal(1ul, node.Term.Value);
    }
}
