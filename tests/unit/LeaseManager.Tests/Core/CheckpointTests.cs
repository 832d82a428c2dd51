using LeaseManager.Core;

namespace LeaseManager.Tests.Core;

/// <summary>What is noted of leases that run for long, on the core alone: time is a number, the interval five minutes.</summary>
public class CheckpointTests
{
    private readonly Lessor _lessor = new(TimeSpan.FromMinutes(5));

    [Fact]
    public void TakeCheckpoints_LongLease_EveryIntervalUntilItIsNearItsEnd()
    {
        _lessor.Granted(1, 1000, At(0));
        _lessor.Granted(2, 300, At(0));
        Assert.Equal(At(300), _lessor.NextCheckpoint);
        Assert.Empty(Take(299.9));
        // Rounded up: never less than what is left.
        Assert.Equal([(1L, 700L)], Take(300.5));
        Done(1, 700);
        Assert.Empty(Take(600));
        Assert.Equal([(1L, 400L)], Take(600.5));
        Done(1, 400);
        Assert.Empty(Take(950));
    }

    [Fact]
    public void TryKeepAlive_CheckpointStands_OnlyAfterItIsForgotten()
    {
        _lessor.Granted(1, 1000, At(0));
        Take(300);
        Done(1, 700);
        Assert.False(_lessor.TryKeepAlive(1, At(400), out _));
        Assert.False(_lessor.TryKeepAlive(1, At(400), out _));
        Assert.Equal([(1L, 0L)], Take(400));
        Assert.Empty(Take(400));
        Assert.False(_lessor.TryKeepAlive(1, At(400), out _));
        Done(1, 0);
        Assert.True(_lessor.TryKeepAlive(1, At(401), out var ttl));
        Assert.Equal(1000, ttl);
        // Its time began anew, and so does the interval.
        Assert.Empty(Take(700.9));
        Assert.Equal([(1L, 700L)], Take(701));
    }

    [Fact]
    public void TryKeepAlive_CheckpointOnItsWay_WaitsForTheOutcomeThenForgets()
    {
        _lessor.Granted(1, 1000, At(0));
        Take(300);
        Assert.False(_lessor.TryKeepAlive(1, At(300), out _));
        Assert.Empty(Take(300));
        Done(1, 700);
        Assert.False(_lessor.TryKeepAlive(1, At(300), out _));
        Assert.Equal([(1L, 0L)], Take(300));
    }

    [Fact]
    public void TryKeepAlive_CheckpointOnItsWayAndFeedStartsOver_StillWaits()
    {
        _lessor.Granted(1, 1000, At(0));
        Take(300);
        _lessor.Reset();
        _lessor.Granted(1, 1000, At(301));
        Assert.False(_lessor.TryKeepAlive(1, At(301), out _));
        _lessor.CheckpointDone([1]);
        Assert.True(_lessor.TryKeepAlive(1, At(301), out _));
    }

    [Fact]
    public void TryKeepAlive_CheckpointRefused_NothingStandsAgainstIt()
    {
        _lessor.Granted(1, 1000, At(0));
        Take(300);
        _lessor.CheckpointDone([1]);
        Assert.True(_lessor.TryKeepAlive(1, At(300), out var ttl));
        Assert.Equal(1000, ttl);
    }

    [Fact]
    public void Activate_CheckpointedLease_GetsWhatWasLeftAndTheGrace()
    {
        _lessor.Granted(1, 1000, At(0), checkpointSeconds: 400);
        _lessor.Granted(2, 1000, At(0));
        _lessor.Activate(At(50), TimeSpan.FromSeconds(1));
        Assert.Equal((401L, 1000L), _lessor.TimeToLive(1, At(50)));
        Assert.Equal((1000L, 1000L), _lessor.TimeToLive(2, At(50)));
        var over = new List<long>();
        _lessor.TakeExpired(At(450.9), 10, over);
        Assert.Empty(over);
        _lessor.TakeExpired(At(451), 10, over);
        Assert.Equal([1L], over);
    }

    [Fact]
    public void TakeCheckpoints_ManyDue_InBatchesEachOnce()
    {
        for (var id = 1; id <= 10_000; id++)
            _lessor.Granted(id, 1000, At(0));
        var all = new HashSet<long>();
        for (var batch = Take(300, 1000); batch.Count > 0; batch = Take(300, 1000))
        {
            Assert.Equal(1000, batch.Count);
            Assert.All(batch, one => Assert.True(all.Add(one.Id)));
        }
        Assert.Equal(10_000, all.Count);
    }

    [Fact]
    public void Lessor_NoInterval_NotesNothingAndForgetsWhatIsThere()
    {
        var lessor = new Lessor();
        lessor.Granted(1, 1000, At(0), checkpointSeconds: 400);
        lessor.Activate(At(0));
        Assert.Null(lessor.NextCheckpoint);
        Assert.Equal((400L, 1000L), lessor.TimeToLive(1, At(0)));
        Assert.False(lessor.TryKeepAlive(1, At(1), out _));
        var taken = new List<(long, long)>();
        lessor.TakeCheckpoints(At(1), 10, taken);
        Assert.Equal([(1L, 0L)], taken);
    }

    [Fact]
    public void Removed_ManyLongLeases_EntriesAreSwept()
    {
        for (var id = 1; id <= 50_000; id++)
        {
            _lessor.Granted(id, 1000, At(0));
            _lessor.Removed(id);
        }
        Assert.InRange(_lessor.CheckpointEntries, 0, 2000);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private List<(long Id, long RemainingSeconds)> Take(double seconds, int max = 1000)
    {
        var taken = new List<(long, long)>();
        _lessor.TakeCheckpoints(At(seconds), max, taken);
        return taken;
    }

    private void Done(long id, long remaining)
    {
        _lessor.Checkpointed(id, remaining);
        _lessor.CheckpointDone([id]);
    }
}
