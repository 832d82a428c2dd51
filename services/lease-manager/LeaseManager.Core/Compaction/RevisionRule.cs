namespace LeaseManager.Core.Compaction;

/// <summary>etcd's <c>--auto-compaction-mode revision</c>: every five minutes all but the newest revisions go.</summary>
/// <param name="retention">Revisions to keep; positive.</param>
public sealed class RevisionRule(long retention) : ICompactionRule
{
    private long _done;

    public TimeSpan Interval { get; } = TimeSpan.FromMinutes(5);

    public void Begin(TimeSpan now, long revision)
    {
        // Nothing to remember: what counts is the revision of the moment.
    }

    public long? Look(TimeSpan now, long revision, bool isActive)
    {
        var target = revision - retention;
        return isActive && target > 0 && target != _done ? target : null;
    }

    public void Done(TimeSpan now, long revision) => _done = revision;
}
