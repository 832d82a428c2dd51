using Consensus.Contracts;
using LeaseManager.Core.Claims;
using Storage.Contracts;

namespace LeaseManager.Tests.Core;

/// <summary>When a manager that nobody elects claims, holds, and says that it stands by: time is a number.</summary>
public class CandidacyTests
{
    private readonly Candidacy _candidacy = new();

    [Fact]
    public void Next_NothingFed_NothingToPropose()
    {
        Assert.Null(_candidacy.NextAt(holds: false));
        Assert.Equal(ClaimStepKind.None, Standby(0));
    }

    [Fact]
    public void Next_NobodyHasClaimedOrItIsGivenUp_ClaimsAtOnce()
    {
        _candidacy.Saw(default, At(0));
        Assert.Equal(new ClaimStep(ClaimStepKind.Claim, default), _candidacy.Next(At(0), holds: false));
        var released = new ClaimState(4, new LogIndex(9), default, IsReleased: true);
        _candidacy.Saw(released, At(1));
        Assert.Equal(new ClaimStep(ClaimStepKind.Claim, released), _candidacy.Next(At(1), holds: false));
        // Refused, and the feed does not tell why: not at once again.
        Assert.Equal(ClaimStepKind.Announce, Standby(1));
        Assert.Equal(ClaimStepKind.None, Standby(1.2));
        Assert.Equal(ClaimStepKind.Claim, Standby(1.25));
    }

    [Fact]
    public void Next_HolderShowsThatItLives_NeverClaims()
    {
        ulong index = 10;
        for (var time = 0.0; time < 60; time += 0.25)
        {
            See(1, held: ++index, standby: 5 + (ulong)(time / 2), time);
            Assert.NotEqual(ClaimStepKind.Claim, Standby(time));
        }
    }

    [Fact]
    public void Next_HolderFallsSilent_ClaimsASecondAfterItsLastSign()
    {
        See(1, held: 10, standby: 0, 0);
        Assert.Equal(ClaimStepKind.Announce, Standby(0));
        See(1, held: 10, standby: 11, 0.1);
        See(1, held: 12, standby: 11, 0.3);
        Assert.Equal(ClaimStepKind.None, Standby(1.29));
        Assert.Equal(new ClaimStep(ClaimStepKind.Claim, new(1, new(12), new(11), false)), _candidacy.Next(At(1.3), holds: false));
    }

    [Fact]
    public void Next_HolderWasNotAskedForSigns_CountsFromTheFirstAnnouncement()
    {
        See(1, held: 10, standby: 0, 0);
        // Nobody stood by for a minute, so nobody expected a sign.
        Assert.Equal(ClaimStepKind.Announce, Standby(60));
        Assert.Equal(ClaimStepKind.None, Standby(61.5));
        See(1, held: 10, standby: 11, 61.6);
        Assert.Equal(ClaimStepKind.Announce, Standby(62));
        // Announcing again begins nothing anew.
        See(1, held: 10, standby: 12, 62.1);
        Assert.Equal(ClaimStepKind.None, Standby(62.5));
        Assert.Equal(ClaimStepKind.Claim, Standby(62.6));
    }

    [Fact]
    public void Next_Holder_ShowsThatItLivesWhileSomebodyStandsBy()
    {
        See(1, held: 10, standby: 0, 0);
        _candidacy.Claimed(At(0));
        // Who stood by until now may still do so.
        Assert.Equal(ClaimStepKind.None, Holder(0.2));
        for (var time = 0.25; time <= 10; time += 0.25)
            Assert.Equal(ClaimStepKind.Hold, Holder(time));
        Assert.Equal(ClaimStepKind.None, Holder(10.25));
        Assert.Null(_candidacy.NextAt(holds: true));
        See(1, held: 10, standby: 11, 100);
        Assert.Equal(ClaimStepKind.Hold, Holder(100));
        Assert.Equal(ClaimStepKind.None, Holder(100.2));
        Assert.Equal(ClaimStepKind.Hold, Holder(110));
        Assert.Equal(ClaimStepKind.None, Holder(110.25));
    }

    [Fact]
    public void Next_HolderThatWasReplaced_StandsByLikeAnyOther()
    {
        See(1, held: 10, standby: 0, 0);
        _candidacy.Claimed(At(0));
        See(2, held: 11, standby: 0, 0.1);
        Assert.Equal(ClaimStepKind.Announce, Standby(0.1));
        See(2, held: 11, standby: 12, 0.1);
        Assert.Equal(ClaimStepKind.None, Standby(1));
        Assert.Equal(ClaimStepKind.Claim, Standby(1.1));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private void See(ulong epoch, ulong held, ulong standby, double time) =>
        _candidacy.Saw(new ClaimState(epoch, new LogIndex(held), new LogIndex(standby), false), At(time));

    private ClaimStepKind Standby(double time) => _candidacy.Next(At(time), holds: false).Kind;

    private ClaimStepKind Holder(double time) => _candidacy.Next(At(time), holds: true).Kind;
}
