using Consensus.Contracts;
using Consensus.Core.Membership;
using Kind = Consensus.Contracts.MembershipChangeKind;

namespace Consensus.Tests.Raft;

/// <summary>Which membership changes are made; the outcomes of the health checks were observed at etcd 3.5.30.</summary>
public class MembershipRulesTests
{
    private static readonly MemberId Self = new(1);

    private static MembershipChange Change(Kind kind, ulong member, string url = "http://new") =>
        new(99, kind, new MemberId(member)) { PeerUrls = [url], Name = "name", ClientUrls = ["http://client"] };

    private static ClusterConfiguration WithUrls(ClusterConfiguration configuration) =>
        configuration with { Members = [.. configuration.Members.Select(member => member with { PeerUrls = [$"http://{member.Id}"] })] };

    [Theory]
    [InlineData(Kind.AddVoter, 3, "http://new", MembershipError.MemberIdExists)]
    [InlineData(Kind.AddVoter, 9, "http://new", MembershipError.MemberRemoved)]
    [InlineData(Kind.AddVoter, 5, "http://2", MembershipError.PeerUrlExists)]
    [InlineData(Kind.AddLearner, 5, "http://new", MembershipError.TooManyLearners)]
    [InlineData(Kind.AddVoter, 5, "http://new", MembershipError.None)]
    [InlineData(Kind.Remove, 5, "", MembershipError.MemberNotFound)]
    [InlineData(Kind.Remove, 9, "", MembershipError.MemberRemoved)]
    [InlineData(Kind.Remove, 4, "", MembershipError.None)]
    [InlineData(Kind.UpdatePeerUrls, 5, "http://new", MembershipError.MemberNotFound)]
    [InlineData(Kind.UpdatePeerUrls, 2, "http://3", MembershipError.PeerUrlExists)]
    [InlineData(Kind.UpdatePeerUrls, 2, "http://2", MembershipError.None)]
    [InlineData(Kind.Promote, 2, "", MembershipError.NotALearner)]
    [InlineData(Kind.Promote, 5, "", MembershipError.MemberNotFound)]
    [InlineData(Kind.Promote, 4, "", MembershipError.None)]
    [InlineData(Kind.Publish, 9, "", MembershipError.MemberRemoved)]
    [InlineData(Kind.Publish, 5, "", MembershipError.MemberNotFound)]
    public void TryApply_Change_DecidedAsEtcdDoes(Kind kind, ulong member, string url, MembershipError expected)
    {
        var current = WithUrls(Configurations.With([1, 2, 3], [4], 9));
        Assert.Equal(expected, MembershipRules.TryApply(current, Change(kind, member, url), out var next));
        Assert.Equal(expected == MembershipError.None, !ReferenceEquals(next, current));
        Assert.True(ConfigurationRules.IsValid(next));
    }

    [Fact]
    public void TryApply_EachKind_ChangesJustThat()
    {
        var current = WithUrls(Configurations.With([1, 2], [3]));
        MembershipRules.TryApply(current, Change(Kind.AddVoter, 4), out var added);
        Assert.True(added.Find(new(4)) is { IsLearner: false, Name: "", PeerUrls: ["http://new"], ClientUrls: [] });
        MembershipRules.TryApply(current, Change(Kind.UpdatePeerUrls, 3), out var updated);
        Assert.True(updated.Find(new(3)) is { IsLearner: true, Name: "m3", PeerUrls: ["http://new"] });
        MembershipRules.TryApply(current, Change(Kind.Promote, 3), out var promoted);
        Assert.Equal([1ul, 2ul, 3ul], promoted.Voters());
        MembershipRules.TryApply(current, Change(Kind.Publish, 3), out var published);
        Assert.True(published.Find(new(3)) is { IsLearner: true, Name: "name", ClientUrls: ["http://client"], PeerUrls: ["http://3"] });
        MembershipRules.TryApply(current, Change(Kind.Remove, 2), out var removed);
        Assert.Equal([1ul], removed.Voters());
        Assert.Equal([2ul], removed.Removed.Select(id => id.Value));
    }

    [Fact]
    public void TryApply_SameChangeAgain_IsMadeOnce()
    {
        var current = Configurations.Of(1, 2);
        MembershipRules.TryApply(current, Change(Kind.Remove, 2), out var once);
        Assert.Equal(MembershipError.None, MembershipRules.TryApply(once, Change(Kind.Remove, 2), out var twice));
        Assert.Same(once, twice);
        // Remembered for a while only.
        var later = once;
        for (var i = 0ul; i < ClusterConfiguration.RememberedChanges; i++)
            MembershipRules.TryApply(later, Change(Kind.Publish, 1) with { Id = i, Name = $"{i}" }, out later);
        Assert.Equal(MembershipError.MemberRemoved, MembershipRules.TryApply(later, Change(Kind.Remove, 2), out _));
    }

    [Fact]
    public void TryApply_PublishOfWhatIsKnown_NothingToDo()
    {
        MembershipRules.TryApply(Configurations.Of(1), Change(Kind.Publish, 1), out var once);
        Assert.Equal(MembershipError.None, MembershipRules.TryApply(once, Change(Kind.Publish, 1) with { Id = 5 }, out var again));
        Assert.Same(once, again);
    }

    [Fact]
    public void TryApply_LastVoterOrTooMany_Refused()
    {
        Assert.Equal(MembershipError.NotEnoughStarted, MembershipRules.TryApply(Configurations.With([1], [2]), Change(Kind.Remove, 1), out _));
        var many = Configurations.Of([.. Enumerable.Range(1, 15).Select(i => (ulong)i)]);
        Assert.Equal(MembershipError.TooManyVoters, MembershipRules.TryApply(many, Change(Kind.AddVoter, 16), out _));
    }

    /// <summary>Voters 1 to n, some of which have started, are connected, or have been for five seconds; member n + 1 is a learner.</summary>
    [Theory]
    [InlineData(1, 1, 1, 1, Kind.AddVoter, 9, MembershipError.None)]
    [InlineData(2, 1, 1, 1, Kind.AddVoter, 9, MembershipError.NotEnoughStarted)]
    [InlineData(3, 3, 3, 3, Kind.AddVoter, 9, MembershipError.None)]
    [InlineData(3, 3, 2, 2, Kind.AddVoter, 9, MembershipError.UnhealthyCluster)]
    [InlineData(3, 3, 2, 2, Kind.AddLearner, 9, MembershipError.UnhealthyCluster)]
    [InlineData(3, 3, 3, 2, Kind.AddVoter, 9, MembershipError.UnhealthyCluster)]
    [InlineData(5, 5, 4, 4, Kind.AddLearner, 9, MembershipError.None)]
    [InlineData(5, 5, 3, 3, Kind.AddVoter, 9, MembershipError.UnhealthyCluster)]
    [InlineData(3, 3, 3, 3, Kind.Remove, 2, MembershipError.None)]
    [InlineData(3, 3, 2, 2, Kind.Remove, 2, MembershipError.UnhealthyCluster)]
    [InlineData(3, 3, 2, 2, Kind.Remove, 3, MembershipError.None)]
    [InlineData(2, 2, 2, 2, Kind.Remove, 2, MembershipError.None)]
    [InlineData(1, 1, 1, 1, Kind.Remove, 1, MembershipError.NotEnoughStarted)]
    [InlineData(3, 1, 1, 1, Kind.Remove, 4, MembershipError.None)]
    [InlineData(3, 1, 1, 1, Kind.Promote, 4, MembershipError.NotEnoughStarted)]
    [InlineData(3, 2, 2, 2, Kind.Promote, 4, MembershipError.None)]
    [InlineData(3, 1, 1, 1, Kind.UpdatePeerUrls, 2, MembershipError.None)]
    public void CheckHealth_Change_KeepsAQuorum(int voters, int started, int active, int lasting, Kind kind, ulong member, MembershipError expected)
    {
        var all = Configurations.With([.. Enumerable.Range(1, voters).Select(i => (ulong)i)], [(ulong)voters + 1]);
        var current = all with { Members = [.. all.Members.Select(m => m.Id.Value <= (ulong)started ? m : m with { Name = "" })] };
        static HashSet<MemberId> FirstOnes(int count) => [.. Enumerable.Range(1, count).Select(i => new MemberId((ulong)i))];
        Assert.Equal(expected, MembershipRules.CheckHealth(current, Change(kind, member), Self, FirstOnes(active), FirstOnes(lasting)));
    }

    [Theory]
    [InlineData(89, 100, false)]
    [InlineData(90, 100, true)]
    [InlineData(0, 1, false)]
    public void IsInSync_NineTenths(ulong learner, ulong leader, bool expected) =>
        Assert.Equal(expected, MembershipRules.IsInSync(new(learner), new(leader)));

    [Fact]
    public void Enter_MoreThanOneVoterChanges_IsJoint()
    {
        Assert.False(ConfigurationRules.Enter(Configurations.Of(1, 2, 3), Configurations.Of(1, 2)).IsJoint);
        Assert.False(ConfigurationRules.Enter(Configurations.Of(1, 2), Configurations.With([1, 2], [3, 4])).IsJoint);
        var joint = ConfigurationRules.Enter(Configurations.Of(1, 2, 3), Configurations.Of(1, 2, 4));
        Assert.Equal([1ul, 2ul, 3ul], joint.OutgoingVoters.Select(id => id.Value));
        Assert.False(ConfigurationRules.Leave(joint).IsJoint);
    }
}
