namespace WatchHub.Client.Hubs;

/// <summary>
/// Which hub a session goes to, and who moves when hubs come and go. A session moves only when that makes the busiest and the idlest hub more equal, so that sessions
/// never go back and forth; what its hub costs moves as fast as its place demands. Not thread-safe.
/// </summary>
internal sealed class Placement(WatchHubClientOptions options)
{
    private readonly MoveBudget _evenOut = new(options.EvenOutPerSecond);
    private readonly MoveBudget _leave = new(options.LeavePerSecond);

    /// <summary>The hub for a new session, the best and of those the idlest; null when none is any good.</summary>
    /// <param name="seats">All hubs; equal ones are taken from the first on.</param>
    /// <param name="without">Not these: tried before.</param>
    public static T? Choose<T>(IReadOnlyList<T> seats, Func<T, HubSeat> seatOf, IReadOnlySet<T> without)
        where T : class
    {
        T? best = null;
        foreach (var one in seats)
        {
            var seat = seatOf(one);
            if (seat.Place == HubPlace.None || without.Contains(one))
                continue;
            if (best is null || seat.Place > seatOf(best).Place || (seat.Place == seatOf(best).Place && seat.Load < seatOf(best).Load))
                best = one;
        }
        return best;
    }

    /// <summary>Time has passed: asks sessions to move, as many as may.</summary>
    public void Move(IReadOnlyList<HubSeat> seats, TimeSpan elapsed)
    {
        var sessions = 0;
        foreach (var seat in seats)
            sessions += seat.Staying;
        _evenOut.Refill(elapsed, sessions);
        _leave.Refill(elapsed, sessions);
        HubSeat[] good = [.. seats.Where(static seat => seat.Place == HubPlace.Good)];
        if (good.Length == 0)
            return;
        foreach (var seat in seats)
            while (seat.Place != HubPlace.Good && seat.Staying > 0 && _leave.TryTake())
                seat.TryAskOne(below: long.MaxValue, out _);
        if (good.Length > 1)
            EvenOut(good, seats.Sum(static seat => seat.Leaving));
    }

    // Whoever was asked opens its next session in a moment, where there is least to do: until then the idlest hub is taken to have it.
    private void EvenOut(HubSeat[] good, long onTheWay)
    {
        var expected = good.ToDictionary(static seat => seat, static seat => seat.Load);
        expected[good.MinBy(static seat => seat.Load)!] += onTheWay;
        while (true)
        {
            var busiest = good.MaxBy(seat => expected[seat])!;
            var idlest = good.MinBy(seat => expected[seat])!;
            var difference = expected[busiest] - expected[idlest];
            if (difference <= 1 || !_evenOut.TryTake() || !busiest.TryAskOne(difference, out var moved))
                return;
            expected[busiest] -= moved;
            expected[idlest] += moved;
        }
    }
}
