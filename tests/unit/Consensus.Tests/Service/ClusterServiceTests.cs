using System.Text;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host;
using Consensus.Host.Identity;
using Consensus.Host.Service;
using Consensus.Host.Wal;
using Consensus.Tests.Support;
using Hosting.Metrics;

namespace Consensus.Tests.Service;

/// <summary>Three members of a cluster in one process, over real connections: what each does for the others.</summary>
public sealed class ClusterServiceTests : IAsyncLifetime, IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));
    private readonly List<TestMember> _members = [];
    private ulong _changes;

    private CancellationToken Deadline => _deadline.Token;

    public async Task InitializeAsync()
    {
        foreach (var name in (string[])["a", "b", "c"])
            _members.Add(await TestMember.OpenAsync(name, _temp[name]));
        await Task.WhenAll(_members.Select(member => member.StartAsync(_members)));
        foreach (var member in _members)
            await member.UntilAsync(status => status.Leader != default && status.Members.All(known => known.Name.Length > 0), Deadline);
    }

    public async Task DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
    }

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
    }

    private TestMember Leader => _members.Single(member => member.Service.IsLeader);

    private IEnumerable<TestMember> Followers => _members.Where(member => !member.Service.IsLeader);

    private static Proposal Proposal(string text) => new(Encoding.UTF8.GetBytes(text), default);

    private async Task<List<string>> CommandsAsync(TestMember member, int count)
    {
        var commands = new List<string>();
        await foreach (var batch in member.Service.TailAsync(new LogIndex(1), Deadline))
        {
            commands.AddRange(batch.Entries.Where(entry => entry.Kind == EntryKind.Command).Select(entry => Encoding.UTF8.GetString(entry.Data.Span)));
            if (commands.Count >= count)
                break;
        }
        return commands;
    }

    private async Task<List<string>> UntilCommittedAsync(TestMember member, string text)
    {
        var commands = new List<string>();
        await foreach (var batch in member.Service.TailAsync(new LogIndex(1), Deadline))
        {
            commands.AddRange(batch.Entries.Where(entry => entry.Kind == EntryKind.Command).Select(entry => Encoding.UTF8.GetString(entry.Data.Span)));
            if (commands.Contains(text))
                break;
        }
        return commands;
    }

    /// <summary>Proposes until the command is in the log; perhaps twice, since a stream that breaks may lose what it took, or not.</summary>
    private async Task CommitAsync(TestMember member, string text)
    {
        var committed = UntilCommittedAsync(member, text);
        while (!committed.IsCompleted)
        {
            await using var stream = member.Service.OpenProposals();
            try
            {
                await stream.ProposeAsync(Proposal(text), Deadline);
                await Task.WhenAny(committed, stream.Broken);
            }
            catch (ProposalStreamBrokenException)
            {
                // Between two leaders.
            }
        }
        await committed;
    }

    private MembershipChange Change(MembershipChangeKind kind, MemberId member, params string[] peerUrls) => new(++_changes, kind, member) { PeerUrls = peerUrls };

    [Fact]
    public async Task Members_EachIsHeldByEveryOther_AndNoLongerByWhoeverEnded()
    {
        foreach (var member in _members)
            await UntilHeldByAsync(member, _members.Count - 1);
        var ended = Followers.First();
        _members.Remove(ended);
        await ended.DisposeAsync();
        foreach (var member in _members)
            await UntilHeldByAsync(member, _members.Count - 1);
    }

    [Fact]
    public async Task LeaderChanges_ProposalsOfAnotherMember_GoOnTheConnectionThatWasHeld()
    {
        foreach (var member in _members)
            await UntilHeldByAsync(member, _members.Count - 1);
        var heir = Followers.First();
        await Leader.Service.TransferLeadershipAsync(heir.Service.Self, Deadline);
        await heir.UntilAsync(status => status.Leader == heir.Service.Self, Deadline);
        var proposer = Followers.First();
        await proposer.UntilAsync(status => status.Leader == heir.Service.Self, Deadline);
        await CommitAsync(proposer, "by the heir");
        Assert.NotEmpty(heir.Forwarding);
        Assert.All(heir.Forwarding, port => Assert.Contains(port, heir.Held.Values));
    }

    private async Task UntilHeldByAsync(TestMember member, int count)
    {
        while (member.Held.Count != count)
        {
            try
            {
                await member.HeldChanges.Reader.ReadAsync(Deadline);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{member.Name} is held by {member.Held.Count}, not {count}; callers: {member.Callers.Count}");
            }
        }
    }

    [Fact]
    public async Task Propose_AtAFollower_TheLeaderIsToldOfWhichCluster()
    {
        await CommitAsync(Followers.First(), "handed on");
        var callers = Leader.Callers.ToArray();
        Assert.NotEmpty(callers);
        Assert.All(callers, caller => Assert.Equal(Leader.Service.Cluster.ToString(), caller));
    }

    [Fact]
    public async Task GetTimes_AtAFollower_AreThoseOfTheLeader()
    {
        await CommitAsync(Leader, "timed");
        var index = default(LogIndex);
        await foreach (var batch in Leader.Service.TailAsync(new LogIndex(1), Deadline))
        {
            if (batch.Entries.LastOrDefault(static entry => entry.Kind == EntryKind.Command) is { Index.Value: > 0 } command)
            {
                index = command.Index;
                break;
            }
        }
        var known = await Leader.Service.GetTimesAsync(index, Deadline);
        Assert.NotNull(known);
        foreach (var follower in Followers)
            Assert.Equal(known, await follower.Service.GetTimesAsync(index, Deadline));
    }

    [Fact]
    public async Task Metrics_TellOfEachOtherMember()
    {
        await CommitAsync(Leader, "counted");
        // Beats go out twice a second, and nobody is told of their answers.
        while (_members.Any(member => Peers(member, "etcd_network_peer_round_trip_time_seconds").Count(sample => sample.Histogram!.Cumulative[^1] > 0) < 2))
            await Task.Delay(20, Deadline);
        foreach (var member in _members)
        {
            var others = _members.Where(other => other != member).Select(other => other.Service.Self.ToString()).Order(StringComparer.Ordinal).ToList();
            foreach (var name in (string[])["etcd_network_peer_sent_bytes_total", "etcd_network_peer_received_bytes_total"])
            {
                Assert.Equal(others, Peers(member, name).Select(sample => sample.Labels.Single().Value).Order(StringComparer.Ordinal));
                Assert.All(Peers(member, name), sample => Assert.True(sample.Value > 0));
            }
            Assert.Equal([1, 1], Peers(member, "etcd_network_active_peers").Select(sample => sample.Value));
            Assert.Equal(1, Peers(member, "etcd_server_has_leader").Single().Value);
            Assert.Equal(member.Service.IsLeader ? 1 : 0, Peers(member, "etcd_server_is_leader").Single().Value);
            Assert.True(Peers(member, "etcd_server_leader_changes_seen_total").Single().Value >= 1);
            Assert.True(Peers(member, "etcd_disk_wal_fsync_duration_seconds").Single().Histogram!.Cumulative[^1] > 0);
        }
    }

    private static List<Sample> Peers(TestMember member, string family)
    {
        var registry = new MetricRegistry([new ConsensusMetricSource(member.Service)]);
        return [.. registry.Families.Single(known => known.Name == family).Read()];
    }

    [Fact]
    public async Task Propose_AtEachMember_IsInEveryLogInTheSameOrder()
    {
        foreach (var member in _members)
        {
            await using var stream = member.Service.OpenProposals();
            for (var i = 0; i < 50; i++)
                await stream.ProposeAsync(Proposal($"{member.Name}{i}"), Deadline);
            // A stream that ends takes what it still holds with it.
            await CommandsAsync(member, 50 * (_members.IndexOf(member) + 1));
        }
        var first = await CommandsAsync(_members[0], 150);
        Assert.Equal(150, first.Distinct().Count());
        foreach (var member in _members)
            Assert.Equal(first, await CommandsAsync(member, 150));
    }

    [Fact]
    public async Task ReadIndex_AtAFollower_CoversWhatTheLeaderCommitted()
    {
        await using var stream = Leader.Service.OpenProposals();
        await stream.ProposeAsync(Proposal("x"), Deadline);
        await CommandsAsync(Leader, 1);
        var committed = Leader.Service.Status.CommitIndex;
        foreach (var member in Followers)
            Assert.True((await member.Service.ReadIndexAsync(Deadline)).Index >= committed);
    }

    [Fact]
    public async Task LeaderEnds_StreamsOfOthersBreakAndTheNextOnesReachItsSuccessor()
    {
        var leader = Leader;
        var other = Followers.First();
        await using var before = other.Service.OpenProposals();
        await before.ProposeAsync(Proposal("before"), Deadline);
        await CommandsAsync(other, 1);
        _members.Remove(leader);
        var gone = leader.Service.Self;
        await leader.DisposeAsync();
        await before.Broken.WaitAsync(Deadline);
        // Parked until somebody leads.
        await CommitAsync(other, "after");
        Assert.Equal(["before", "after"], (await CommandsAsync(other, 2)).Distinct());
        Assert.NotEqual(gone, other.Service.Status.Leader);
    }

    [Fact]
    public async Task ChangeMembership_CancelledAtAFollower_EndsAsCancelled()
    {
        using var leaving = new CancellationTokenSource();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Followers.First().Service.ChangeMembershipAsync(Change(MembershipChangeKind.Remove, new(99)), leaving.Token));
    }

    [Fact]
    public async Task MembersMoveWithoutAWord_AreFoundByTheOthers()
    {
        // One keeps its address, and knows nobody else's.
        var moved = _members.Skip(1).ToList();
        foreach (var member in moved)
        {
            _members.Remove(member);
            await member.DisposeAsync();
            var again = await TestMember.OpenAsync(member.Name, member.Directory);
            _members.Add(again);
            await again.StartAsync([]);
        }
        foreach (var member in _members)
            await CommitAsync(member, member.Name);
        var (one, other) = (await UntilCommittedAsync(_members[0], "c"), await UntilCommittedAsync(_members[1], "c"));
        Assert.Equal(["a", "b", "c"], one.Distinct());
        Assert.Equal(one, other);
    }

    [Fact]
    public async Task TransferLeadership_ToAVoter_ItLeads()
    {
        var (leader, target) = (Leader, Followers.First());
        Assert.Equal(TransferOutcome.NotLeader, await target.Service.TransferLeadershipAsync(leader.Service.Self, Deadline));
        Assert.Equal(TransferOutcome.BadTarget, await leader.Service.TransferLeadershipAsync(new MemberId(1), Deadline));
        Assert.Equal(TransferOutcome.Done, await leader.Service.TransferLeadershipAsync(target.Service.Self, Deadline));
        await target.UntilAsync(status => status.Leader == target.Service.Self, Deadline);
    }

    [Fact]
    public async Task LeaveLeadership_BeforeAStop_AnotherLeads()
    {
        var leader = Leader;
        await leader.Service.LeaveLeadershipAsync(Deadline);
        Assert.False(leader.Service.IsLeader);
        Assert.NotEqual(default, leader.Service.Status.Leader);
    }

    [Fact]
    public async Task ChangeMembership_AskedOfAFollower_IsMadeOnceAndSeenThere()
    {
        var follower = Followers.First();
        var added = Change(MembershipChangeKind.AddLearner, new MemberId(77), "http://127.0.0.1:1");
        var result = await follower.Service.ChangeMembershipAsync(added, Deadline);
        Assert.Equal(MembershipError.None, result.Error);
        Assert.Contains(follower.Service.Status.Members, member => member.Id.Value == 77 && member.IsLearner);
        // The same change again: its answer got lost.
        Assert.Equal(MembershipError.None, (await follower.Service.ChangeMembershipAsync(added, Deadline)).Error);
        // Another of the same content.
        var again = Change(MembershipChangeKind.AddLearner, new MemberId(77), "http://127.0.0.1:1");
        Assert.NotEqual(MembershipError.None, (await follower.Service.ChangeMembershipAsync(again, Deadline)).Error);
    }

    [Fact]
    public async Task Join_AddedMember_GetsTheLogIsPromotedAndToldWhenItIsRemoved()
    {
        await using var stream = Leader.Service.OpenProposals();
        for (var i = 0; i < 20; i++)
            await stream.ProposeAsync(Proposal($"{i}"), Deadline);
        var joining = await TestMember.OpenAsync("d", _temp["d"]);
        _members.Add(joining);
        var id = new MemberId(4711);
        Assert.Equal(MembershipError.None, (await _members[0].Service.ChangeMembershipAsync(
            Change(MembershipChangeKind.AddLearner, id, joining.Url), Deadline)).Error);
        await joining.StartAsync(_members, joins: true);
        Assert.Equal(id, joining.Service.Self);
        Assert.Equal(20, (await CommandsAsync(joining, 20)).Count);
        await joining.UntilAsync(status => status.IsLearner && status.Members.All(member => member.Name.Length > 0), Deadline);

        Assert.Equal(MembershipError.None, (await joining.Service.ChangeMembershipAsync(Change(MembershipChangeKind.Promote, id), Deadline)).Error);
        Assert.False(joining.Service.Status.IsLearner);
        Assert.Equal(MembershipError.None, (await _members[1].Service.ChangeMembershipAsync(Change(MembershipChangeKind.Remove, id), Deadline)).Error);
        await joining.Removed.WaitAsync(Deadline);
    }

    /// <summary>A leader that removed itself ended before the other one heard that this is committed: the other one needs its vote once more.</summary>
    [Fact]
    public async Task Start_RemovedMemberWhoseVoteIsNeeded_StaysUntilTheOtherLeads()
    {
        var leaving = await TestMember.OpenAsync("x", _temp["x"]);
        var staying = await TestMember.OpenAsync("y", _temp["y"]);
        TestMember[] both = [leaving, staying];
        _members.AddRange(both);
        ClusterIdentity IdentityOf(TestMember member) => ClusterIdentity.Derive(new ConsensusOptions
        {
            DataDirectory = member.Directory, Name = member.Name, PeerUrls = [member.Url], Token = "test",
            InitialCluster = string.Join(',', both.Select(known => $"{known.Name}={known.Url}")),
        });
        var (first, second) = (IdentityOf(leaving), IdentityOf(staying));
        var before = new ClusterConfiguration { Members = first.Members };
        var after = new ClusterConfiguration { Members = [.. first.Members.Where(member => member.Id == second.Self)], Removed = [first.Self] };
        Entry[] log = [Configured(1, before), Configured(2, after)];
        foreach (var (identity, member, commit) in ((ClusterIdentity, TestMember, ulong)[])[(first, leaving, 2), (second, staying, 1)])
        {
            Directory.CreateDirectory(member.Directory);
            WriteAheadLog.Create(
                new FileLogDisk(Path.Combine(member.Directory, "wal")), new WalOptions { SegmentBytes = 64 * 1024 }, identity.Cluster, identity.Self, log,
                new HardState(new(2), default, new(commit))).Dispose();
        }
        await leaving.StartAsync(both);
        Assert.False(leaving.Removed.IsCompleted);
        await staying.StartAsync(both);
        await staying.UntilAsync(status => status.Leader == second.Self, Deadline);
        await leaving.Removed.WaitAsync(Deadline);

        static Entry Configured(ulong index, ClusterConfiguration configuration) =>
            new(new(index), new(index), EntryKind.Configuration, ConfigurationFormat.Encode(configuration));
    }

    [Fact]
    public async Task Join_NotAdded_RefusedInEtcdsWords()
    {
        await using var uninvited = await TestMember.OpenAsync("d", _temp["d"]);
        var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => uninvited.StartAsync([.. _members, uninvited], joins: true));
        Assert.EndsWith("member count is unequal", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondTimeAsNew_RefusedForItMayHaveForgottenPromises()
    {
        var member = _members[0];
        var url = member.Url;
        await using var impostor = await TestMember.OpenAsync("a", _temp["empty"]);
        var refused = await Assert.ThrowsAsync<JoinRefusedException>(() => Consensus.Host.Service.ConsensusService.StartAsync(new Consensus.Host.ConsensusOptions
        {
            DataDirectory = _temp["empty"], Name = "a", PeerUrls = [url], Token = "test",
            InitialCluster = string.Join(',', _members.Select(known => $"{known.Name}={known.Url}")),
        }));
        Assert.Equal($"member {member.Service.Self} has already been bootstrapped", refused.Message);
    }

    [Fact]
    public async Task MemberAwayForLongerThanTheLog_Returns_ItsLogBeginsAnew()
    {
        var away = Followers.First();
        _members.Remove(away);
        await away.DisposeAsync();
        await using var stream = Leader.Service.OpenProposals();
        // In several groups: a group is in one file, however large, and files go as a whole.
        for (var i = 1; i <= 300; i++)
        {
            await stream.ProposeAsync(new Proposal(new byte[1000], default), Deadline);
            if (i % 30 == 0)
                await CommandsAsync(Leader, i);
        }
        var durable = new LogIndex(Leader.Service.Status.CommitIndex.Value - 10);
        foreach (var member in _members)
            await member.Service.ReportDurableAsync(member.Name, durable, Deadline);
        // The address is another one now: the others are told where it is.
        var back = await TestMember.OpenAsync(away.Name, away.Directory);
        var self = _members[0].Service.Status.Members.Single(member => member.Name == away.Name).Id;
        Assert.Equal(MembershipError.None, (await _members[0].Service.ChangeMembershipAsync(
            Change(MembershipChangeKind.UpdatePeerUrls, self, back.Url), Deadline)).Error);
        _members.Add(back);
        await back.StartAsync(_members);
        await back.Service.GetStatusAsync(durable, Deadline);
        var compacted = await Assert.ThrowsAsync<LogCompactedException>(async () =>
        {
            await foreach (var _ in back.Service.TailAsync(new LogIndex(1), Deadline))
            {
            }
        });
        Assert.True(compacted.First.Value > 1);
    }
}
