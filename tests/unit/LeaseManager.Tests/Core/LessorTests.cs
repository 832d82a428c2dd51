using LeaseManager.Core;

namespace LeaseManager.Tests.Core;

/// <summary>When leases end, on the core alone: time is a number.</summary>
public class LessorTests
{
    private readonly Lessor _lessor = new();

    [Fact]
    public void TakeExpired_AroundTheDeadline_NeverEarly()
    {
        _lessor.Granted(1, 2, At(10));
        Assert.Empty(Take(At(12) - TimeSpan.FromTicks(1)));
        Assert.Equal([1L], Take(At(12)));
        Assert.Empty(Take(At(13)));
    }

    [Fact]
    public void KeepAlive_BeforeTheDeadline_FullTtlAgain()
    {
        _lessor.Granted(1, 5, At(0));
        Assert.Equal(5, KeepAlive(1, At(4)));
        Assert.Empty(Take(At(8.9)));
        Assert.Equal((0L, 5L), _lessor.TimeToLive(1, At(8.5)));
        Assert.Equal([1L], Take(At(9)));
    }

    [Fact]
    public void KeepAlive_OverOrHandedOutOrUnknown_Zero()
    {
        _lessor.Granted(1, 5, At(0));
        Assert.Equal(0, KeepAlive(1, At(5)));
        Take(At(5));
        Assert.Equal(0, KeepAlive(1, At(1)));
        Assert.Equal(0, KeepAlive(2, At(1)));
    }

    [Fact]
    public void List_SeveralLeases_SoonestFirst()
    {
        _lessor.Granted(1, 30, At(0));
        _lessor.Granted(2, 10, At(0));
        _lessor.Granted(3, 20, At(0));
        KeepAlive(2, At(9));
        KeepAlive(3, At(15));
        Assert.Equal([2L, 1, 3], _lessor.List());
    }

    [Fact]
    public void List_EndTogether_InTheOrderOfTheirGrants()
    {
        foreach (var (id, grantedAt) in new (long, ulong)[] { (9, 4), (3, 5), (7, 6) })
            _lessor.Granted(id, 30, At(0), grantedAt: grantedAt);
        Assert.Equal([9L, 3, 7], _lessor.List());
    }

    [Fact]
    public void TakeExpired_HundredThousandInOneSecond_BatchesThatCoverEachOnce()
    {
        for (var id = 1; id <= 100_000; id++)
            _lessor.Granted(id, 2, At(0));
        var all = new HashSet<long>();
        for (var batch = Take(At(2), 1000); batch.Count > 0; batch = Take(At(2), 1000))
        {
            Assert.Equal(1000, batch.Count);
            Assert.All(batch, id => Assert.True(all.Add(id)));
        }
        Assert.Equal(100_000, all.Count);
    }

    [Fact]
    public void Activate_AnyLease_FullTtlAgain()
    {
        _lessor.Granted(1, 5, At(0));
        Take(At(5));
        _lessor.Activate(At(6));
        Assert.Equal(5, KeepAlive(1, At(7)));
        Assert.Equal([1L], Take(At(12)));
    }

    [Fact]
    public void Granted_AfterResetWithExpiryUnderWay_StaysOverUntilTheOutcome()
    {
        _lessor.Granted(1, 5, At(0));
        Take(At(5));
        _lessor.Reset();
        _lessor.Granted(1, 5, At(6));
        Assert.Equal(0, KeepAlive(1, At(6)));
        _lessor.ExpiryDone([1], At(7));
        Assert.Equal(5, KeepAlive(1, At(8)));
    }

    [Fact]
    public void Granted_AfterResetWithTheSameGrant_ItsTimeGoesOn()
    {
        _lessor.Granted(1, 5, At(0), grantedAt: 10);
        _lessor.Granted(2, 5, At(0), grantedAt: 11);
        _lessor.Granted(3, 5, At(0), grantedAt: 12);
        _lessor.Reset();
        _lessor.Granted(1, 5, At(4), grantedAt: 10);
        _lessor.Granted(2, 5, At(4), grantedAt: 13);
        _lessor.EndReset();
        // The third was not told again; the second is another lease with the same id.
        Assert.Equal([1L], Take(At(5)));
        _lessor.Reset();
        _lessor.Granted(1, 5, At(6), grantedAt: 10);
        _lessor.EndReset();
        Assert.Empty(Take(At(6)));
        Assert.Equal(0, KeepAlive(1, At(6)));
    }

    [Fact]
    public void ExpiryFailed_Lease_HandedOutAgainAndNeverRevived()
    {
        _lessor.Granted(1, 5, At(0));
        Take(At(5));
        _lessor.ExpiryFailed([1], At(6));
        Assert.Equal(0, KeepAlive(1, At(5.5)));
        Assert.Empty(Take(At(5.9)));
        Assert.Equal([1L], Take(At(6)));
    }

    [Fact]
    public void Removed_ManyLongLeases_HeapIsSwept()
    {
        for (var id = 1; id <= 50_000; id++)
        {
            _lessor.Granted(id, 1_000_000, At(0));
            _lessor.Removed(id);
        }
        Assert.Equal(0, _lessor.Count);
        Assert.InRange(_lessor.DeadlineEntries, 0, 2000);
    }

    [Fact]
    public void RandomHistories_EveryLease_EndsWithinItsBounds()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var lessor = new Lessor();
            var deadlines = new Dictionary<long, TimeSpan>();
            var ttls = new Dictionary<long, long>();
            var now = At(0);
            for (var step = 0; step < 300; step++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(400));
                var id = random.Next(1, 20);
                switch (random.Next(4))
                {
                    case 0 when !deadlines.ContainsKey(id):
                        ttls[id] = random.Next(1, 20);
                        lessor.Granted(id, ttls[id], now);
                        deadlines[id] = now + TimeSpan.FromSeconds(ttls[id]);
                        break;
                    case 1 when random.Next(4) == 0:
                        lessor.Removed(id);
                        deadlines.Remove(id);
                        break;
                    case 2:
                        var alive = deadlines.TryGetValue(id, out var deadline) && deadline > now;
                        Assert.True(lessor.TryKeepAlive(id, now, out var ttl));
                        Assert.Equal(alive ? ttls[id] : 0, ttl);
                        if (alive)
                            deadlines[id] = now + TimeSpan.FromSeconds(ttls[id]);
                        break;
                    case 3:
                        var taken = new List<long>();
                        lessor.TakeExpired(now, int.MaxValue, taken);
                        Assert.Equal(deadlines.Where(one => one.Value <= now).Select(one => one.Key).Order(), taken.Order());
                        foreach (var over in taken)
                        {
                            lessor.Removed(over);
                            deadlines.Remove(over);
                        }
                        break;
                }
                if (deadlines.Count > 0)
                    Assert.True(lessor.NextDeadline <= deadlines.Values.Min(), $"seed {seed}: would wake too late");
            }
        }
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private long KeepAlive(long id, TimeSpan now)
    {
        Assert.True(_lessor.TryKeepAlive(id, now, out var ttl));
        return ttl;
    }

    private List<long> Take(TimeSpan now, int max = int.MaxValue)
    {
        var ids = new List<long>();
        _lessor.TakeExpired(now, max, ids);
        return ids;
    }
}
