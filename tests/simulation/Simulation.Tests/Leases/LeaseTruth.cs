using Simulation.Checks;

namespace Simulation.Leases;

/// <summary>What was promised for each lease, and whether what happened kept it (I7). Times in milliseconds of the world's clock.</summary>
internal sealed class LeaseTruth
{
    // Asked: when a keep-alive came that waits for its answer, and the claim of the manager that it came to. Late: the same, also of one that came when nobody had promised anything any more, and the
    // manager, which had taken over from another one, had yet to let the lease end.
    private sealed record Life(long TtlMs, ulong GrantedAt, double From, (ulong Claim, double At) Asked = default, (ulong Claim, double At) Late = default);

    private readonly Dictionary<long, Life> _lives = [];

    /// <summary>Leases that ended by themselves.</summary>
    public int Ended { get; private set; }

    /// <summary>Keep-alives that promised a TTL.</summary>
    public int Promises { get; private set; }

    /// <summary>Keep-alives that came in time and could not be answered at once.</summary>
    public int Waits { get; private set; }

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
        // Of the lease that had this id before, which was there when the question was put.
        if (life.GrantedAt > minApplied && ttlSeconds * 1000 != life.TtlMs)
            return;
        Promises++;
        Check.That(ttlSeconds * 1000 == life.TtlMs, $"manager {manager} promised {ttlSeconds} s for lease {id} of {life.TtlMs} ms");
        _lives[id] = life with { From = now };
    }

    /// <summary>The manager with the current claim was asked to keep a lease alive, and cannot answer yet. What that is worth ends with its claim.</summary>
    public void Asked(long id, ulong claim, double now)
    {
        if (!_lives.TryGetValue(id, out var life))
            return;
        life = life with { Late = (claim, now) };
        if (now < Math.Max(EarliestEnd(life), EarliestEnd(life, claim)))
            (life, Waits) = (life with { Asked = (claim, now) }, Waits + 1);
        _lives[id] = life;
    }

    /// <param name="id">The lease.</param>
    /// <param name="claim">Under which it was ended.</param>
    /// <param name="now">When.</param>
    public void Expired(long id, ulong claim, double now)
    {
        Check.That(_lives.Remove(id, out var life), $"lease {id} ended twice");
        Check.That(now >= EarliestEnd(life!, claim), $"lease {id} of {life!.TtlMs} ms ended at {now:F0} although it was asked for at {life.Asked.At:F0}");
        Check.That(now >= EarliestEnd(life!), $"lease {id} of {life!.TtlMs} ms ended at {now:F0}, promised at {life.From:F0}: {EarliestEnd(life) - now:F0} ms early (I7)");
        Ended++;
    }

    /// <summary>When a lease is over at the latest, by the slowest clock, for what was promised and what was asked under <paramref name="claim"/>; 0: there is none.</summary>
    public double LatestEnd(long id, ulong claim) => !_lives.TryGetValue(id, out var life)
        ? 0
        : Math.Max(life.From, life.Late.Claim == claim ? life.Late.At : 0) + (life.TtlMs / (1 - LeaseProfile.MaxDrift));

    private static double EarliestEnd(Life life) => EarliestEnd(life.From, life.TtlMs);

    private static double EarliestEnd(Life life, ulong claim) => life.Asked.Claim == claim ? EarliestEnd(life.Asked.At, life.TtlMs) : 0;

    // By a clock that runs as fast as the design allows.
    private static double EarliestEnd(double from, long ttlMs) => from + (ttlMs / (1 + LeaseProfile.MaxDrift)) - 1;
}
