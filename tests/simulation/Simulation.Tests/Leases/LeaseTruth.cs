using Simulation.Checks;

namespace Simulation.Leases;

/// <summary>What was promised for each lease, and whether what happened kept it (I7). Times in milliseconds of the world's clock.</summary>
internal sealed class LeaseTruth
{
    private sealed record Life(long TtlMs, ulong GrantedAt, double From);

    private readonly Dictionary<long, Life> _lives = [];

    /// <summary>Leases that ended by themselves.</summary>
    public int Ended { get; private set; }

    /// <summary>Keep-alives that promised a TTL.</summary>
    public int Promises { get; private set; }

    /// <summary>Log index of a lease's grant; 0: there is no such lease.</summary>
    public ulong GrantedAt(long id) => _lives.TryGetValue(id, out var life) ? life.GrantedAt : 0;

    public void Granted(long id, long ttlSeconds, ulong index, double now) => _lives[id] = new Life(ttlSeconds * 1000, index, now);

    public void Revoked(long id) => _lives.Remove(id);

    /// <param name="manager">Who answered.</param>
    /// <param name="id">The lease.</param>
    /// <param name="ttlSeconds">The answer.</param>
    /// <param name="minApplied">Who asked had seen the log up to here: of a lease granted later the answer says nothing.</param>
    /// <param name="now">When.</param>
    public void Answered(int manager, long id, long ttlSeconds, ulong minApplied, double now)
    {
        if (!_lives.TryGetValue(id, out var life))
            return;
        if (ttlSeconds == 0)
        {
            Check.That(life.GrantedAt > minApplied || now >= EarliestEnd(life), $"manager {manager} told at {now:F0} that lease {id} is gone, promised until {EarliestEnd(life):F0}");
            return;
        }
        Promises++;
        Check.That(ttlSeconds * 1000 == life.TtlMs, $"manager {manager} promised {ttlSeconds} s for lease {id} of {life.TtlMs} ms");
        _lives[id] = life with { From = now };
    }

    public void Expired(long id, double now)
    {
        Check.That(_lives.Remove(id, out var life), $"lease {id} ended twice");
        Check.That(now >= EarliestEnd(life!), $"lease {id} of {life!.TtlMs} ms ended at {now:F0}, promised at {life.From:F0}: {EarliestEnd(life) - now:F0} ms early (I7)");
        Ended++;
    }

    // By a clock that runs as fast as the design allows.
    private static double EarliestEnd(Life life) => life.From + (life.TtlMs / (1 + LeaseProfile.MaxDrift)) - 1;
}
