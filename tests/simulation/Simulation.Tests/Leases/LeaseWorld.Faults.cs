namespace Simulation.Leases;

/// <summary>What goes wrong.</summary>
internal sealed partial class LeaseWorld
{
    private void InjectFaults()
    {
        if (Profile.FaultEvery > 0)
            Again(Profile.FaultEvery, Fault);
        if (Profile.CoupEvery > 0)
            Again(Profile.CoupEvery, Coup);
        if (Profile.ResetEvery > 0)
            Again(Profile.ResetEvery, manager => manager.ResetFeed((ulong)Random.Next(3)));
    }

    private void Again(int every, Action<SimulatedManager> what) => After(Random.NextDouble() * 2 * every, () =>
    {
        if (_isCalm)
            return;
        // The active one more often than others: there is more to lose.
        var victim = Random.Next(2) == 0 ? _managers.Find(static manager => manager.IsActive) : null;
        what(victim ?? _managers[Random.Next(_managers.Count)]);
        Again(every, what);
    });

    private void Coup(SimulatedManager manager)
    {
        manager.Coup();
        foreach (var other in _managers.Where(other => other != manager && Profile.HidesCoups))
            other.FeedHeldUntil = Now + 2000;
    }

    private void Fault(SimulatedManager victim)
    {
        var until = Now + Random.Next(100, 4000);
        var kind = Random.Next(7);
        Tell($"fault {kind} of manager {victim.Number} until {until:F0}");
        switch (kind)
        {
            case 0:
                victim.PausedUntil = until;
                break;
            case 1:
                victim.Die();
                After(until - Now, () => Restart(victim));
                break;
            case 2:
                victim.FeedHeldUntil = until;
                break;
            case 3:
                victim.CutUntil = until;
                break;
            case 4:
                victim.UnreadUntil = until;
                break;
            case 5:
                victim.ResetFeed((ulong)Random.Next(5));
                break;
            default:
                victim.Stop();
                After(until - Now, () => Restart(victim));
                break;
        }
    }

    private void Restart(SimulatedManager victim)
    {
        // Calm has replaced it, or it did not get to stop.
        if (_managers[victim.Number] == victim && victim.IsDead)
            Begin(victim.Number);
        else if (_managers[victim.Number] == victim && !_isCalm)
            After(500, () => Restart(victim));
    }
}
