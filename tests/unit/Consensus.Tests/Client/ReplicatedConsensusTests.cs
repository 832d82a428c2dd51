using Consensus.Client.Replicated;
using Consensus.Contracts;

namespace Consensus.Tests.Client;

/// <summary>Which member is asked, and what happens when it fails, over three scripted members.</summary>
public sealed class ReplicatedConsensusTests : IDisposable
{
    private static readonly ReplicatedOptions s_options = new()
    {
        First = 0,
        ReadHedge = TimeSpan.FromMilliseconds(30),
        StatusAttempt = TimeSpan.FromMilliseconds(50),
        ChangeAttempt = TimeSpan.FromMilliseconds(50),
        CallTimeout = TimeSpan.FromMilliseconds(500),
        RetryWait = TimeSpan.FromMilliseconds(5),
    };

    // Where a call is to be answered however slow the machine is.
    private static readonly ReplicatedOptions s_patient = s_options with { CallTimeout = TimeSpan.FromMinutes(1) };

    private readonly ScriptedConsensus[] _members = [new(1), new(2), new(3)];
    private readonly ReplicatedConsensus _log;
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(10));

    public ReplicatedConsensusTests() => _log = new ReplicatedConsensus(_members, s_options);

    public void Dispose() => _deadline.Dispose();

    private void All(Behaviour behaviour)
    {
        foreach (var member in _members)
            member.Behaviour = behaviour;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(1, _deadline.Token);
    }

    [Fact]
    public async Task AllCalls_HealthyMember_StickToIt()
    {
        await _log.ReadIndexAsync(_deadline.Token);
        await _log.GetStatusAsync(_deadline.Token);
        await _log.ReadIndexAsync(_deadline.Token);
        Assert.Equal(["read", "status", "read"], _members[0].Asked);
        Assert.Empty(_members[1].Asked);
    }

    [Fact]
    public async Task OpenProposals_MemberLost_NextIsOpenedAtTheNextMember()
    {
        Assert.Same(_members[0], ((ScriptedConsensus.Stream)_log.OpenProposals()).Owner);
        _members[0].LastStream!.Break(ProposalStreamEnd.MemberLost);
        await UntilAsync(() => ((ScriptedConsensus.Stream)_log.OpenProposals()).Owner == _members[1]);
        _members[1].LastStream!.Break(ProposalStreamEnd.MemberLost);
        await UntilAsync(() => ((ScriptedConsensus.Stream)_log.OpenProposals()).Owner == _members[2]);
    }

    [Fact]
    public void OpenProposals_LeaderChangedAgainAndAgain_NextIsOpenedAtTheSameMember()
    {
        for (var change = 0; change < 4; change++)
        {
            Assert.Same(_members[0], ((ScriptedConsensus.Stream)_log.OpenProposals()).Owner);
            // Whoever leaves does so within this call: the stream's end runs what awaits it.
            _members[0].LastStream!.Break(ProposalStreamEnd.MemberServes);
        }
    }

    [Fact]
    public async Task ReadIndex_NobodyLeadsForLongerThanTheHedge_StreamsStayWhereTheyAre()
    {
        // Three members that hold the question until there is a leader, as they do.
        var log = new ReplicatedConsensus(_members, s_patient with { ReadGrace = TimeSpan.FromMinutes(1) });
        All(Behaviour.Waits);
        var read = log.ReadIndexAsync(_deadline.Token).AsTask();
        await UntilAsync(() => _members.All(member => !member.Asked.IsEmpty));
        Assert.Same(_members[0], ((ScriptedConsensus.Stream)log.OpenProposals()).Owner);
        // The leader knows first.
        _members[2].Answer();
        _members[0].Answer();
        await read;
        Assert.Same(_members[0], ((ScriptedConsensus.Stream)log.OpenProposals()).Owner);
    }

    [Fact]
    public async Task ReadIndex_OnlyTheOthersHearOfTheNewLeader_StreamsMoveToOneThatDid()
    {
        var log = new ReplicatedConsensus(_members, s_patient);
        All(Behaviour.Waits);
        var read = log.ReadIndexAsync(_deadline.Token).AsTask();
        await UntilAsync(() => _members.All(member => !member.Asked.IsEmpty));
        _members[2].Answer();
        Assert.Equal(13UL, (await read).Index.Value);
        Assert.Same(_members[2], ((ScriptedConsensus.Stream)log.OpenProposals()).Owner);
    }

    [Theory]
    [InlineData(Behaviour.Frozen)]
    [InlineData(Behaviour.Gone)]
    [InlineData(Behaviour.Leaderless)]
    public async Task ReadIndex_MemberFails_TheNextAnswersAndIsKept(Behaviour behaviour)
    {
        _members[0].Behaviour = behaviour;
        var log = new ReplicatedConsensus(_members, s_patient with { ReadHedge = TimeSpan.FromMilliseconds(200) });
        Assert.Equal(12UL, (await log.ReadIndexAsync(_deadline.Token)).Index.Value);
        await log.ReadIndexAsync(_deadline.Token);
        Assert.Equal(["read"], _members[0].Asked);
        Assert.Equal(["read", "read"], _members[1].Asked);
    }

    [Fact]
    public async Task ReadIndex_NoLeaderForAWhile_AsksAgainUntilThereIsOne()
    {
        var log = new ReplicatedConsensus(_members, s_patient);
        All(Behaviour.Leaderless);
        var read = log.ReadIndexAsync(_deadline.Token).AsTask();
        await UntilAsync(() => _members.Sum(member => member.Asked.Count) > 6);
        Assert.False(read.IsCompleted);
        All(Behaviour.Answers);
        Assert.InRange((await read).Index.Value, 11UL, 13UL);
    }

    [Theory]
    [InlineData(Behaviour.Frozen)]
    [InlineData(Behaviour.Gone)]
    public async Task ReadIndex_NobodyAnswers_NoLeaderAfterTheTimeout(Behaviour behaviour)
    {
        All(behaviour);
        await Assert.ThrowsAsync<NoLeaderException>(async () => await _log.ReadIndexAsync(_deadline.Token));
    }

    [Theory]
    [InlineData(Behaviour.Frozen)]
    [InlineData(Behaviour.Gone)]
    public async Task GetStatus_MemberFails_TheNextAnswers(Behaviour behaviour)
    {
        _members[0].Behaviour = behaviour;
        var log = new ReplicatedConsensus(_members, s_patient);
        Assert.Equal(2UL, (await log.GetStatusAsync(_deadline.Token)).Self.Value);
        Assert.Equal(7UL, (await log.GetStatusAsync(new LogIndex(7), _deadline.Token)).CommitIndex.Value);
        Assert.Equal(["status", "status at"], _members[1].Asked);
    }

    [Fact]
    public async Task GetStatus_NobodyAnswers_Unavailable()
    {
        All(Behaviour.Gone);
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await _log.GetStatusAsync(_deadline.Token));
    }

    [Theory]
    [InlineData(Behaviour.Frozen)]
    [InlineData(Behaviour.Gone)]
    [InlineData(Behaviour.Leaderless)]
    public async Task ChangeMembership_MemberFails_SameChangeIdAtTheNext(Behaviour behaviour)
    {
        _members[0].Behaviour = behaviour;
        var log = new ReplicatedConsensus(_members, s_patient);
        var result = await log.ChangeMembershipAsync(new MembershipChange(77, MembershipChangeKind.Remove, new(5)), _deadline.Token);
        Assert.Equal(MembershipError.PeerUrlExists, result.Error);
        Assert.Equal([77UL, 77UL], _members.SelectMany(member => member.Changes).Select(change => change.Id));
        Assert.Single(_members[1].Changes);
    }

    [Fact]
    public async Task TransferLeadership_AsksTheMemberThatLeads()
    {
        foreach (var member in _members)
            member.Leader = 3;
        _members[0].Behaviour = Behaviour.Frozen;
        Assert.Equal(TransferOutcome.BadTarget, await _log.TransferLeadershipAsync(new(2), _deadline.Token));
        Assert.Contains("transfer 2", _members[2].Asked);
        Assert.Equal(TransferOutcome.Done, await _log.TransferLeadershipAsync(new(3), _deadline.Token));
        Assert.DoesNotContain("transfer 3", _members[2].Asked);
        foreach (var member in _members)
            member.Leader = 0;
        Assert.Equal(TransferOutcome.NotLeader, await _log.TransferLeadershipAsync(new(2), _deadline.Token));
        All(Behaviour.Gone);
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await _log.TransferLeadershipAsync(new(2), _deadline.Token));
    }

    [Fact]
    public async Task ReportDurable_OneMemberGone_TheOthersAreTold()
    {
        _members[0].Behaviour = Behaviour.Frozen;
        _members[1].Behaviour = Behaviour.Gone;
        await _log.ReportDurableAsync("s", new LogIndex(5), _deadline.Token);
        Assert.All(_members, member => Assert.Contains("durable s 5", member.Asked));
        await _log.KeepAsync("s", new LogIndex(4), _deadline.Token);
        Assert.All(_members, member => Assert.Contains("keep s 4", member.Asked));
        All(Behaviour.Gone);
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await _log.ReportDurableAsync("s", new LogIndex(6), _deadline.Token));
    }

    [Fact]
    public async Task Tail_MemberGone_ThrowsAndTheNextTailIsElsewhere()
    {
        _members[0].Behaviour = Behaviour.Gone;
        await using (var tail = _log.TailAsync(new LogIndex(4), _deadline.Token).GetAsyncEnumerator(_deadline.Token))
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await tail.MoveNextAsync());
        await using var again = _log.TailAsync(new LogIndex(4), _deadline.Token).GetAsyncEnumerator(_deadline.Token);
        Assert.True(await again.MoveNextAsync());
        Assert.Equal(2, again.Current.Entries[0].Data.Span[0]);
    }
}
