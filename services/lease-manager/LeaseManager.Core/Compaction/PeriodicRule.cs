namespace LeaseManager.Core.Compaction;

/// <summary>
/// etcd's <c>--auto-compaction-mode periodic</c>: revisions live for a period. The newest revision is noted ten times in each period, or hour where the period
/// is longer; the one noted a period and a tenth ago is where to compact, first when a period is over, then after every such stretch.
/// </summary>
public sealed class PeriodicRule : ICompactionRule
{
    private const int NotesPerStretch = 10;
    private static readonly TimeSpan s_longestStretch = TimeSpan.FromHours(1);

    private readonly TimeSpan _stretch;
    private readonly int _notes;

    // Oldest first; never more than _notes. The newest is of an interval ago when it is looked at, so the oldest is of a period and an interval ago.
    private readonly Queue<long> _noted = new();
    private TimeSpan _lastDone;
    private TimeSpan _wait;
    private long _done;

    /// <param name="period">How long a revision can be read; at least ten ticks.</param>
    public PeriodicRule(TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromTicks(NotesPerStretch));
        _wait = period;
        _stretch = period < s_longestStretch ? period : s_longestStretch;
        Interval = _stretch / NotesPerStretch;
        _notes = (int)(period / Interval) + 1;
    }

    public TimeSpan Interval { get; }

    public void Begin(TimeSpan now, long revision)
    {
        _lastDone = now;
        Note(revision);
    }

    public long? Look(TimeSpan now, long revision, bool isActive)
    {
        var oldest = _noted.Peek();
        Note(revision);
        if (!isActive || now - _lastDone < _wait || oldest == _done)
            return null;
        // The first time a whole period has to pass.
        _wait = _stretch;
        return oldest;
    }

    public void Done(TimeSpan now, long revision) => (_lastDone, _done) = (now, revision);

    private void Note(long revision)
    {
        _noted.Enqueue(revision);
        if (_noted.Count > _notes)
            _noted.Dequeue();
    }
}
