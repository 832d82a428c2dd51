using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Rules of the thesis that the paper lacks, one a test, in the order of its sections; a single node is driven by hand-made messages.</summary>
public class RaftThesisTests : SingleNodeTests
{
    private static readonly MemberId D = new(4);

    /// <summary>Accepts everything, as <paramref name="from"/>, and does what follows.</summary>
    private void Accept(RaftNode node, MemberId from) =>
        Step(node, new Message(MessageKind.AppendAnswer, from, A, node.Term) { Index = node.LastIndex });

    private RaftNode ReadyLeader(int voters = 3)
    {
        var node = Leader(voters);
        Accept(node, B);
        Accept(node, C);
        Assert.True(node.IsReadable);
        return node;
    }

    private static Message Configure(MemberId from, ulong term, ulong index, ulong commit, ClusterConfiguration configuration) =>
        new(MessageKind.AppendRequest, from, A, new(term))
        {
            Index = new(index - 1),
            IndexTerm = new(index == 1 ? 0 : term),
            Commit = new(commit),
            Entries = [new Entry(new(index), new(term), EntryKind.Configuration, ConfigurationFormat.Encode(configuration))],
        };

    // §3.10

    [Fact]
    public void TransferLeadership_TargetUpToDate_ToldToCampaignAtOnce()
    {
        var node = ReadyLeader();
        Assert.Equal(RaftError.None, node.TransferLeadership(B));
        Work(node);
        Assert.Equal(B, Assert.Single(_sent, m => m.Kind == MessageKind.TimeoutNow).To);
        Assert.Equal(B, node.LeadTransferee);
    }

    [Fact]
    public void TransferLeadership_TargetBehind_BroughtUpToDateFirst()
    {
        var node = ReadyLeader();
        node.Propose([new byte[1]], out _);
        Work(node);
        Assert.Equal(RaftError.None, node.TransferLeadership(B));
        Work(node);
        Assert.DoesNotContain(_sent, m => m.Kind == MessageKind.TimeoutNow);
        Accept(node, B);
        Assert.Contains(_sent, m => m.Kind == MessageKind.TimeoutNow && m.To == B);
    }

    [Fact]
    public void TransferLeadership_UnderWay_TakesNoProposals()
    {
        var node = ReadyLeader();
        node.TransferLeadership(B);
        Assert.Equal(RaftError.TransferInProgress, node.Propose([new byte[1]], out _));
        Assert.Equal(RaftError.TransferInProgress, node.ProposeConfiguration(Configurations.Of(1, 2), out _));
        Assert.Equal(RaftError.TransferInProgress, node.TransferLeadership(C));
        Assert.Equal(RaftError.None, node.TransferLeadership(B));
    }

    [Fact]
    public void TransferLeadership_NotDoneWithinElectionTimeout_GivenUp()
    {
        var node = ReadyLeader();
        node.TransferLeadership(B);
        for (var i = 0; i < 10; i++)
        {
            node.Tick();
            Step(node, new Message(MessageKind.HeartbeatAnswer, C, A, node.Term));
        }
        Assert.Equal(default, node.LeadTransferee);
        Assert.Equal(RaftError.None, node.Propose([new byte[1]], out _));
    }

    [Fact]
    public void TransferLeadership_NoVoter_Refused() => Assert.Equal(RaftError.BadTransferee, ReadyLeader().TransferLeadership(D));

    [Fact]
    public void TransferLeadership_Follower_Refused()
    {
        var node = Node();
        Assert.Equal(RaftError.NotLeader, node.TransferLeadership(B));
        Assert.Equal(RaftError.NotLeader, node.ProposeConfiguration(Configurations.Of(1), out _));
    }

    [Fact]
    public void Step_TimeoutNow_CampaignsWithoutPreVoteAndSaysWhy()
    {
        var node = Node();
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        Step(node, new Message(MessageKind.TimeoutNow, B, A, new(1)));
        Assert.Equal(Role.Candidate, node.Role);
        Assert.All(_sent.Where(m => m.Kind == MessageKind.VoteRequest), m => Assert.True(m.IsTransfer));
        Assert.DoesNotContain(_sent, m => m.Kind == MessageKind.PreVoteRequest);
    }

    [Fact]
    public void Step_TransferVoteWhileLeaderIsHeard_Granted()
    {
        var node = Node();
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        Step(node, Vote(C, 2) with { IsTransfer = true });
        Assert.Contains(_sent, m => m is { Kind: MessageKind.VoteAnswer, Rejected: false });
    }

    // §4.1

    [Fact]
    public void ProposeConfiguration_OneVoter_TakesEffectWhenCommitted()
    {
        var node = ReadyLeader();
        Assert.Equal(RaftError.None, node.ProposeConfiguration(Configurations.Of(1, 2, 3, 4), out var index));
        Work(node);
        Assert.Equal(3, node.Configuration!.Voters().Length);
        Accept(node, B);
        Assert.Equal(index, node.ConfigurationIndex);
        Assert.Equal([1ul, 2ul, 3ul, 4ul], node.Configuration!.Voters());
        Assert.Contains(_sent, m => m.Kind == MessageKind.AppendRequest && m.To == D);
        // Two of four are no majority any more.
        node.Propose([new byte[1]], out var next);
        Work(node);
        Accept(node, B);
        Assert.True(node.CommitIndex < next);
        Accept(node, C);
        Assert.Equal(next, node.CommitIndex);
    }

    [Fact]
    public void ProposeConfiguration_SingleVoter_AddsOneThatHasNotStarted()
    {
        var node = Node(voters: 1);
        Work(node);
        Assert.Equal(RaftError.None, node.ProposeConfiguration(Configurations.Of(1, 2), out var index));
        Work(node);
        Assert.Equal(index, node.ConfigurationIndex);
        node.Propose([new byte[1]], out var next);
        Work(node);
        Assert.True(node.CommitIndex < next);
        Accept(node, B);
        Assert.Equal(next, node.CommitIndex);
    }

    [Fact]
    public void ProposeConfiguration_OneUncommitted_Refused()
    {
        var node = ReadyLeader();
        node.ProposeConfiguration(Configurations.Of(1, 2, 3, 4), out _);
        Assert.Equal(RaftError.ConfigurationPending, node.ProposeConfiguration(Configurations.Of(1, 2), out _));
    }

    [Fact]
    public void ProposeConfiguration_BeforeOwnTermCommits_Refused() =>
        Assert.Equal(RaftError.NotReady, Leader().ProposeConfiguration(Configurations.Of(1, 2), out _));

    [Fact]
    public void ProposeConfiguration_Unfit_Refused()
    {
        var node = ReadyLeader();
        Assert.Equal(RaftError.BadConfiguration, node.ProposeConfiguration(Configurations.With([], [1]), out _));
        Assert.Equal(RaftError.BadConfiguration, node.ProposeConfiguration(Configurations.Of([.. Enumerable.Range(1, 16).Select(i => (ulong)i)]), out _));
        Assert.Equal(RaftError.BadConfiguration, node.ProposeConfiguration(Configurations.With([1, 2], [], 2), out _));
    }

    [Fact]
    public void Step_ConfigurationCut_NeverTakesEffect()
    {
        var node = Node();
        Step(node, Configure(B, 1, 1, 0, Configurations.Of(1, 2, 3, 4)));
        Step(node, Append(C, 2, 0, 0, 1, 2));
        Assert.Equal(1ul, node.CommitIndex.Value);
        Assert.Equal(3, node.Configuration!.Voters().Length);
    }

    [Fact]
    public void TryTakeReady_ConfigurationInEffect_ToldOnlyWhenThatIsStored()
    {
        var node = ReadyLeader();
        node.ProposeConfiguration(Configurations.Of(1, 2), out var index);
        Work(node);
        node.Step(new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = index });
        Assert.True(node.TryTakeReady(out var ready));
        Assert.True(ready.MustSync);
        Assert.DoesNotContain(ready.Messages, m => m.Commit >= index);
        // The removed one is told too.
        Assert.Contains(ready.MessagesAfterPersist, m => m.To == C && m.Commit == index);
    }

    // §4.2.1, §4.2.2

    [Fact]
    public void Tick_MemberThatJoins_NeverCampaigns()
    {
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        for (var i = 0; i < 100; i++)
            node.Tick();
        Assert.Equal(Role.Follower, node.Role);
        Assert.Null(node.Configuration);
        Step(node, Configure(B, 1, 1, 1, Configurations.Of(1, 2)));
        Assert.Equal(1ul, node.ConfigurationIndex.Value);
        for (var i = 0; i < 20; i++)
            node.Tick();
        Assert.Equal(Role.PreCandidate, node.Role);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tick_LearnerOrRemoved_NeverCampaigns(bool isLearner)
    {
        _disk.Presume(isLearner ? Configurations.With([2, 3], [1]) : Configurations.With([2, 3], [], 1));
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        for (var i = 0; i < 100; i++)
            node.Tick();
        Assert.Equal(Role.Follower, node.Role);
        Assert.Equal(default, node.Leader);
        Step(node, new Message(MessageKind.TimeoutNow, B, A, new(1)));
        Assert.Equal(Role.Follower, node.Role);
    }

    [Fact]
    public void Commit_Learner_IsNotCounted()
    {
        var node = ReadyLeader();
        node.ProposeConfiguration(Configurations.With([1, 2, 3], [4]), out _);
        Work(node);
        Accept(node, B);
        node.Propose([new byte[1]], out var index);
        Work(node);
        Accept(node, D);
        Assert.True(node.CommitIndex < index);
        Assert.Equal(index, node.MatchOf(D));
        Accept(node, C);
        Assert.Equal(index, node.CommitIndex);
    }

    [Fact]
    public void ProposeConfiguration_LeaderRemoved_GoesOnceItsSuccessorsKnow()
    {
        var node = ReadyLeader();
        node.ProposeConfiguration(Configurations.With([2, 3], [], 1), out var index);
        Work(node);
        Accept(node, B);
        Assert.Equal(index, node.ConfigurationIndex);
        Assert.Equal(Role.Leader, node.Role);
        Assert.Equal(RaftError.TransferInProgress, node.Propose([new byte[1]], out _));
        // Its own disk counts no more: both others have to hold the next entry.
        Accept(node, B);
        Assert.Equal(Role.Leader, node.Role);
        Accept(node, C);
        Assert.Equal(Role.Follower, node.Role);
        Assert.Single(_sent, m => m.Kind == MessageKind.TimeoutNow);
    }

    [Fact]
    public void Step_RefusedVote_TeachesWhatIsCommitted()
    {
        // The vote of 2, whose log is longer, is not needed any more: 2 was removed by the entry that 1 holds.
        _disk.Bootstrap(Configurations.Of(1, 2));
        _disk.Store(new Ready(1, new(new(1), default, new(1)), true,
            [new Entry(new(2), new(1), EntryKind.Configuration, ConfigurationFormat.Encode(Configurations.With([1], [], 2)))], true, [], [], new(1), [], null));
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        Step(node, new Message(MessageKind.PreVoteAnswer, B, A, new(1)) { Rejected = true, Index = new(2), IndexTerm = new(1) });
        Assert.Equal([1ul], node.Configuration!.Voters());
        for (var i = 0; i < 3; i++)
            node.Tick();
        Assert.Equal(Role.Leader, node.Role);
    }

    [Fact]
    public void Step_VoteRequest_GrantTeachesWhatIsCommitted()
    {
        // The one that asks has the longer log, and may wait for the votes of some that have gone for good.
        _disk.Bootstrap(Configurations.Of(1, 2, 3));
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        Step(node, Configure(B, 1, 2, 2, Configurations.With([1, 2], [], 3)));
        Assert.Equal(2ul, node.CommitIndex.Value);
        _sent.Clear();
        Step(node, new Message(MessageKind.VoteRequest, B, A, new(5)) { Index = new(3), IndexTerm = new(1), IsTransfer = true });
        var grant = Assert.Single(_sent, m => m.Kind == MessageKind.VoteAnswer);
        Assert.False(grant.Rejected);
        Assert.Equal((2ul, 1ul), (grant.Index.Value, grant.IndexTerm.Value));
    }

    [Fact]
    public void Step_GrantedVote_LearnsWhatIsCommitted()
    {
        _disk.Bootstrap(Configurations.Of(1, 2, 3));
        _disk.Store(new Ready(1, new(new(1), default, new(1)), true,
            [new Entry(new(2), new(1), EntryKind.Configuration, ConfigurationFormat.Encode(Configurations.With([1, 2], [], 3))),
             new Entry(new(3), new(1), EntryKind.Command, new byte[1])], true, [], [], new(1), [], null));
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        Step(node, new Message(MessageKind.PreVoteAnswer, B, A, new(node.Term.Value + 1)) { Index = new(2), IndexTerm = new(1) });
        Assert.Equal([1ul, 2ul], node.Configuration!.Voters());
    }

    [Theory]
    [InlineData(MessageKind.PreVoteRequest, 2UL)]
    [InlineData(MessageKind.VoteRequest, 2UL)]
    [InlineData(MessageKind.VoteRequest, 0UL)]
    public void Step_RequestForAVote_TeachesWhatIsCommitted(MessageKind kind, ulong term)
    {
        // Its log is longer than that of the one who asks, which needs its vote and will not get it; and it does not know yet that it is a voter, who may lead. One of an older term asks, too.
        _disk.Bootstrap(Configurations.With([2, 3], [1]));
        _disk.Store(new Ready(1, new(new(1), default, new(1)), true,
            [new Entry(new(2), new(1), EntryKind.Configuration, ConfigurationFormat.Encode(Configurations.Of(1, 2, 3))),
             new Entry(new(3), new(1), EntryKind.Command, new byte[1])], true, [], [], new(1), [], null));
        _disk.HardState = new HardState(new(term == 0 ? 3UL : 1UL), default, new(1));
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        Step(node, new Message(kind, B, A, new(term == 0 ? 2 : term)) { Index = new(2), IndexTerm = new(1), HintIndex = new(2), HintTerm = new(1) });
        Assert.True(Assert.Single(_sent, m => m.Kind is MessageKind.PreVoteAnswer or MessageKind.VoteAnswer).Rejected);
        Assert.Equal([1ul, 2ul, 3ul], node.Configuration!.Voters());
        for (var i = 0; i < 20; i++)
            node.Tick();
        Assert.Equal(Role.PreCandidate, node.Role);
    }

    [Theory]
    [InlineData(3UL, 1UL)]
    [InlineData(2UL, 2UL)]
    [InlineData(9UL, 1UL)]
    public void Step_RequestForAVote_OfAnotherLog_TeachesNothing(ulong index, ulong indexTerm)
    {
        _disk.Bootstrap(Configurations.Of(1, 2, 3));
        _disk.Store(new Ready(1, new(new(1), default, new(1)), true,
            [new Entry(new(2), new(1), EntryKind.Command, new byte[1]), new Entry(new(3), new(2), EntryKind.Command, new byte[1])], true, [], [], new(1), [], null));
        var node = Start(new RaftOptions { Self = A, Seed = 1 });
        Step(node, new Message(MessageKind.PreVoteRequest, B, A, new(7)) { Index = new(9), IndexTerm = new(6), HintIndex = new(index), HintTerm = new(indexTerm) });
        Assert.Equal(1ul, node.CommitIndex.Value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tick_AsksForVotes_TellsWhatIsCommittedAndStored(bool preVote)
    {
        _disk.Bootstrap(Configurations.Of(1, 2, 3));
        var node = Start(new RaftOptions { Self = A, Seed = 1, PreVote = preVote });
        Step(node, Append(B, 1, 1, 1, 1, 1, 1));
        // Known, and not stored yet: a crash could undo it.
        Assert.Equal(RaftError.None, node.Step(new Message(MessageKind.Commit, B, A, new(1)) { Index = new(3), IndexTerm = new(1), Commit = new(3) }));
        while (node.Role == Role.Follower)
            node.Tick();
        Assert.True(node.TryTakeReady(out var ready));
        var asked = ready.Messages.Concat(ready.MessagesAfterPersist).Where(m => m.Kind is MessageKind.PreVoteRequest or MessageKind.VoteRequest).ToList();
        Assert.Equal(2, asked.Count);
        Assert.All(asked, m => Assert.Equal((1ul, 1ul), (m.HintIndex.Value, m.HintTerm.Value)));
        _disk.Store(ready);
        node.Advance(ready);
        while (!_sent.Exists(m => m.Kind is MessageKind.PreVoteRequest or MessageKind.VoteRequest))
        {
            node.Tick();
            Work(node);
        }
        Assert.All(_sent, m => Assert.Equal((3ul, 1ul), (m.HintIndex.Value, m.HintTerm.Value)));
    }

    // §4.3

    [Fact]
    public void ProposeConfiguration_ManyVoters_GoesThroughJointAndLeavesIt()
    {
        var node = ReadyLeader();
        Assert.Equal(RaftError.None, node.ProposeConfiguration(Configurations.With([1, 4, 5], [], 2, 3), out var joint));
        Work(node);
        Accept(node, B);
        Assert.True(node.Configuration!.IsJoint);
        Assert.Equal([1ul, 2ul, 3ul], node.Configuration.OutgoingVoters.Select(id => id.Value));
        Assert.Equal(joint.Next, node.LastIndex);
        Assert.Equal(RaftError.ConfigurationPending, node.ProposeConfiguration(Configurations.Of(1), out _));
        // A majority of one side is none.
        Accept(node, B);
        Accept(node, C);
        Assert.Equal(joint, node.CommitIndex);
        Accept(node, D);
        Assert.Equal(joint.Next, node.CommitIndex);
        Assert.False(node.Configuration.IsJoint);
        Assert.Equal([1ul, 4ul, 5ul], node.Configuration.Voters());
    }

    [Fact]
    public void Campaign_Joint_NeedsBothMajorities()
    {
        _disk.Presume(Configurations.Of(1, 4, 5) with { OutgoingVoters = [A, B, C] });
        var node = Start(new RaftOptions { Self = A, Seed = 1, PreVote = false });
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        Step(node, new Message(MessageKind.VoteAnswer, B, A, node.Term));
        Step(node, new Message(MessageKind.VoteAnswer, C, A, node.Term));
        Assert.Equal(Role.Candidate, node.Role);
        Step(node, new Message(MessageKind.VoteAnswer, D, A, node.Term));
        Assert.Equal(Role.Leader, node.Role);
        // A new leader leaves what it inherited, once an entry of its own is committed.
        Accept(node, B);
        Accept(node, D);
        Assert.Equal(EntryKind.Configuration, _disk.Entries[^1].Kind);
    }

    // §6.2, §6.4

    [Fact]
    public void Tick_OnlyLearnerIsHeard_StepsDown()
    {
        _disk.Presume(Configurations.With([1, 2], [3]));
        var node = Start(new RaftOptions { Self = A, Seed = 1, PreVote = false });
        while (node.Role == Role.Follower)
            node.Tick();
        Step(node, new Message(MessageKind.VoteAnswer, B, A, node.Term));
        Assert.Equal(Role.Leader, node.Role);
        for (var i = 0; i < 10; i++)
        {
            Step(node, new Message(MessageKind.HeartbeatAnswer, C, A, node.Term));
            node.Tick();
        }
        Assert.Equal(Role.Follower, node.Role);
    }

    [Fact]
    public void RequestRead_LearnerAnswers_IsNotConfirmed()
    {
        var node = ReadyLeader();
        node.ProposeConfiguration(Configurations.With([1, 2, 3], [4]), out _);
        Work(node);
        Accept(node, B);
        node.RequestRead(7);
        Work(node);
        var round = _sent.First(m => m.Kind == MessageKind.Heartbeat).Context;
        Step(node, new Message(MessageKind.HeartbeatAnswer, D, A, node.Term) { Context = round });
        Assert.Empty(_reads);
        Step(node, new Message(MessageKind.HeartbeatAnswer, C, A, node.Term) { Context = round });
        Assert.True(Assert.Single(_reads).IsConfirmed);
    }

    // §9.6, and failover

    [Fact]
    public void Tick_PreVoteSwitchedOff_CampaignsAtOnce()
    {
        _disk.Presume(Configurations.Of(1, 2, 3));
        var node = Start(new RaftOptions { Self = A, Seed = 1, PreVote = false });
        for (var i = 0; i < 13; i++)
            node.Tick();
        Assert.Equal(Role.Candidate, node.Role);
        Assert.Equal(1ul, node.Term.Value);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Campaign_RefusedAgainAndAgain_WaitsForItsTimeAtLast(int refusals, bool losesLeader)
    {
        _disk.Presume(Configurations.Of(1, 2, 3));
        var longest = 0;
        for (var seed = 1UL; seed <= 50; seed++)
        {
            _disk.HardState = new HardState(new(1), default, default);
            var node = Start(new RaftOptions { Self = A, Seed = seed, PreVote = false });
            // Once more when a leader was heard in between.
            for (var round = 0; round < 2; round++)
            {
                Step(node, new Message(MessageKind.Heartbeat, C, A, node.Term));
                if (losesLeader)
                    node.PeerUnreachable(C);
                while (node.Role == Role.Follower)
                    node.Tick();
                for (var campaign = 1; campaign <= 8; campaign++)
                {
                    var (term, ticks) = (node.Term, 0);
                    foreach (var voter in new[] { B, C }.Take(refusals).Where(voter => node.Role == Role.Candidate && !(losesLeader && voter == C)))
                        Step(node, new Message(MessageKind.VoteAnswer, voter, A, term) { Rejected = true });
                    for (; node.Term == term; ticks++)
                        node.Tick();
                    // A whole election timeout is ten.
                    Assert.True(ticks < 10 == campaign <= 3, $"seed {seed}, campaign {campaign}: {ticks} ticks");
                    longest = Math.Max(longest, ticks);
                }
            }
        }
        // And it spreads out, to twice of that (Raft §5.2).
        Assert.InRange(longest, 18, 20);
    }

    [Fact]
    public void Tick_PreVoteUnanswered_AsksAgainAfterAboutOneHeartbeat()
    {
        var node = Node();
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        node.Tick();
        node.Tick();
        Work(node);
        Assert.Contains(_sent, m => m.Kind == MessageKind.PreVoteRequest);
        Assert.Equal(0ul, node.Term.Value);
    }

    [Fact]
    public void PeerUnreachable_Leader_StartsPreVoteWithinTicks()
    {
        var node = Node();
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        node.PeerUnreachable(C);
        Assert.Equal(B, node.Leader);
        node.PeerUnreachable(B);
        Assert.Equal(default, node.Leader);
        for (var i = 0; i < 3; i++)
            node.Tick();
        Assert.Equal(Role.PreCandidate, node.Role);
    }

    [Fact]
    public void PeerUnreachable_LeaderIsHeardAgain_NoElection()
    {
        var node = Node();
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        node.PeerUnreachable(B);
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        for (var i = 0; i < 9; i++)
            node.Tick();
        Assert.Equal(Role.Follower, node.Role);
        Assert.Equal(B, node.Leader);
    }

    [Fact]
    public void PeerUnreachable_FollowerOfLeader_IsProbedAnew()
    {
        var node = ReadyLeader();
        node.Propose([new byte[1]], out _);
        node.Propose([new byte[1]], out _);
        Work(node);
        node.PeerUnreachable(B);
        Step(node, new Message(MessageKind.HeartbeatAnswer, B, A, node.Term));
        Assert.Equal(1ul, Assert.Single(_sent, m => m.Kind == MessageKind.AppendRequest && m.To == B).Index.Value);
    }

    // Flow control

    [Fact]
    public void Propose_FollowerSilent_SendsNoMoreThanTheWindow()
    {
        _disk.Presume(Configurations.Of(1, 2, 3));
        var node = Start(new RaftOptions { Self = A, Seed = 1, MaxInflightAppends = 5, MaxInflightBytes = 100 });
        Elect(node);
        Accept(node, B);
        Accept(node, C);
        var byCount = 0;
        for (var i = 0; i < 20; i++)
        {
            node.Propose([new byte[1]], out _);
            Work(node);
            byCount += _sent.Count(m => m.To == B && m.Entries is { Length: > 0 });
        }
        Assert.Equal(5, byCount);
        Accept(node, C);
        var byBytes = 0;
        for (var i = 0; i < 5; i++)
        {
            node.Propose([new byte[60]], out _);
            Work(node);
            byBytes += _sent.Count(m => m.To == C && m.Entries is { Length: > 0 });
        }
        Assert.Equal(2, byBytes);
    }
}
