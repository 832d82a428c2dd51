using Consensus.Contracts;
using Consensus.Core.Membership;

namespace Consensus.Tests.Raft;

/// <summary>A removed member may stop once nobody can need its vote (Raft thesis §4.2.2, §4.3).</summary>
public class DepartureTests
{
    private readonly Departure _departure = new();

    private bool Refuse(ulong by, ulong index, ClusterConfiguration configuration) => _departure.Refused(new(by), new(index), configuration);

    [Fact]
    public void MayLeave_MajorityOfThoseWhoGoOn_NotBefore()
    {
        var without = Configurations.With([2, 3, 4], [5], 1);
        Assert.False(_departure.MayLeave);
        Refuse(2, 10, without);
        Assert.False(_departure.MayLeave);
        // Neither a learner's word nor the same one's again.
        Refuse(5, 10, without);
        Assert.False(Refuse(2, 10, without));
        Assert.False(_departure.MayLeave);
        Assert.True(Refuse(4, 10, without));
        Assert.True(_departure.MayLeave);
    }

    [Fact]
    public void MayLeave_LaterConfiguration_CountsItsVoters()
    {
        Refuse(2, 10, Configurations.With([2, 3, 4], [], 1));
        // 3 and 4 have gone since: 2 knows, and 7 is one of two.
        Refuse(7, 30, Configurations.With([7, 8], [], 1, 2, 3, 4));
        Assert.False(_departure.MayLeave);
        // An older word changes nothing but who has spoken.
        Assert.True(Refuse(8, 20, Configurations.With([2, 8], [], 1, 3, 4)));
        Assert.True(_departure.MayLeave);
        Assert.Equal([7ul, 8ul], _departure.Newest!.Voters());
    }

    [Fact]
    public void MayLeave_RefusedUnderALaterJoint_NeedsBothMajorities()
    {
        var joint = Configurations.With([5, 6], [], 1, 2, 3) with { OutgoingVoters = [new(2), new(3)] };
        Refuse(5, 10, joint);
        Refuse(6, 10, joint);
        Refuse(2, 10, joint);
        Assert.False(_departure.MayLeave);
        Refuse(3, 10, joint);
        Assert.True(_departure.MayLeave);
    }

    [Fact]
    public void IsOut_WhileItsVoteCounts_No()
    {
        var left = Configurations.With([2, 3], [], 1);
        Assert.True(Departure.IsOut(left, new(1)));
        Assert.False(Departure.IsOut(left, new(2)));
        // One that is to join is none that was removed.
        Assert.False(Departure.IsOut(left, new(9)));
        Assert.False(Departure.IsOut(left with { OutgoingVoters = [new(1), new(2)] }, new(1)));
    }
}
