namespace Hosting.Health;

/// <summary>Decides which waits are worth a word: one that is over, when it was long; one that goes on, each time it has become twice as long.</summary>
internal sealed class HoldUpReports
{
    private readonly TimeSpan _limit;
    private TimeSpan _next;

    /// <param name="limit">Shorter ones are not.</param>
    public HoldUpReports(TimeSpan limit) => _limit = _next = limit;

    /// <summary>A wait has lasted so long and is not over; what to tell, or null.</summary>
    public TimeSpan? GoesOn(TimeSpan soFar)
    {
        if (soFar < _next)
            return null;
        _next = soFar * 2;
        return soFar;
    }

    /// <summary>A wait is over after so long; what to tell, or null.</summary>
    public TimeSpan? Ended(TimeSpan took)
    {
        _next = _limit;
        return took >= _limit ? took : null;
    }
}
