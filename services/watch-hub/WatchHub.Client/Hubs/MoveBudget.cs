namespace WatchHub.Client.Hubs;

/// <summary>How many sessions may move by now: a share of all for each second, and never more saved up than one look gives, or one session.</summary>
internal sealed class MoveBudget(double sharePerSecond)
{
    private double _credit;

    /// <summary>Time passes.</summary>
    public void Refill(TimeSpan elapsed, int sessions)
    {
        var more = sessions * sharePerSecond * elapsed.TotalSeconds;
        _credit = Math.Min(_credit + more, Math.Max(more, 1));
    }

    /// <summary>Takes one move when there is one.</summary>
    public bool TryTake()
    {
        if (_credit < 1)
            return false;
        _credit--;
        return true;
    }
}
