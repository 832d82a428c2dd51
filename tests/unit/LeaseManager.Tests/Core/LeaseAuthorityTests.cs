using Consensus.Contracts;
using LeaseManager.Core;
using Storage.Contracts;

namespace LeaseManager.Tests.Core;

/// <summary>Keep-alives that an active manager cannot answer at once: they came in time, but nothing is promised.</summary>
public class LeaseAuthorityTests
{
    private const long Asked = 1, NotAsked = 2;
    private static readonly LogIndex s_granted = new(10);
    private readonly LeaseAuthority _authority = new(checkpointInterval: At(1));

    public LeaseAuthorityTests()
    {
        _authority.BeginClaim();
        _authority.Claimed(1, At(0));
        Tell(true, At(0), Grant(Asked, 5), Grant(NotAsked, 5));
    }

    [Theory]
    [InlineData(KeepAliveOutcome.Unproven)]
    [InlineData(KeepAliveOutcome.NotReady)]
    [InlineData(KeepAliveOutcome.Checkpointed)]
    public void TakeExpired_KeepAliveWaitsForItsAnswer_CountsFromWhenItCame(KeepAliveOutcome outcome)
    {
        Assert.Equal(outcome, Ask(At(4), outcome));
        Assert.Equal([NotAsked], Take(At(6)));
        Assert.Empty(Take(At(9) - TimeSpan.FromTicks(1)));
        Assert.Equal([Asked], Take(At(9)));
    }

    [Theory]
    [InlineData(KeepAliveOutcome.Unproven)]
    [InlineData(KeepAliveOutcome.NotReady)]
    [InlineData(KeepAliveOutcome.Checkpointed)]
    public void TakeExpired_KeepAliveCameTooLate_AsWithoutIt(KeepAliveOutcome outcome)
    {
        // The TTL, and the grace of the claim.
        Ask(At(5.9), outcome);
        Assert.Equal([Asked, NotAsked], Take(At(5.9)).Order());
        _authority.ExpiryFailed([Asked], At(7));
        Ask(At(6), outcome);
        Assert.Equal([Asked], Take(At(7)));
    }

    [Fact]
    public void Activate_KeepAliveWaitsAtThePredecessor_SuccessorKnowsNothingOfIt()
    {
        Ask(At(4), KeepAliveOutcome.Unproven);
        _authority.BeginClaim();
        _authority.Claimed(2, At(5));
        Tell(false, At(5), epoch: 2);
        Ask(At(5), KeepAliveOutcome.Unproven);
        // The grace on top of the TTL stays: a keep-alive makes nothing shorter.
        _authority.Proven(At(10.2), At(10.2));
        Assert.Equal(KeepAliveOutcome.Answered, _authority.KeepAlive(Asked, s_granted, At(10.2), out var result, out _));
        Assert.Equal(5, result.TtlSeconds);
        Assert.Equal([NotAsked], Take(At(10.6)));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static LeaseChange Grant(long id, long ttl) => new(id, ttl, Removed: false) { GrantedAt = s_granted.Value };

    private KeepAliveOutcome Ask(TimeSpan now, KeepAliveOutcome expected)
    {
        if (expected != KeepAliveOutcome.Unproven)
            _authority.Proven(now, now);
        if (expected == KeepAliveOutcome.Checkpointed)
            Tell(false, now, changes: new LeaseChange(Asked, 5, Removed: false, RemainingSeconds: 3, IsCheckpoint: true));
        return _authority.KeepAlive(Asked, expected == KeepAliveOutcome.NotReady ? new LogIndex(99) : s_granted, now, out _, out _);
    }

    private void Tell(bool reset, TimeSpan now, params LeaseChange[] changes) => Tell(reset, now, 1, changes);

    private void Tell(bool reset, TimeSpan now, ulong epoch, params LeaseChange[] changes) =>
        _authority.Apply(new LeaseBatch(reset, changes, s_granted, 1, new Term(2), new ClaimState(epoch, default, default, false), null), now);

    private List<long> Take(TimeSpan now)
    {
        var ids = new List<long>();
        _authority.TakeExpired(now, int.MaxValue, ids, out _, out _);
        return ids;
    }
}
