namespace LeaseManager.Core.Compaction;

/// <summary>
/// Says when to compact at which revision. It is told the time and the revision and never asks; what it answers depends on nothing else. Not thread-safe.
/// </summary>
public interface ICompactionRule
{
    /// <summary>How often <see cref="Look"/> is to be called.</summary>
    TimeSpan Interval { get; }

    /// <summary>The rule begins to be followed: once, before the first look.</summary>
    /// <param name="now">Monotonic, any origin.</param>
    /// <param name="revision">The newest revision.</param>
    void Begin(TimeSpan now, long revision);

    /// <summary>An interval is over.</summary>
    /// <param name="now">Monotonic, the same origin.</param>
    /// <param name="revision">The newest revision.</param>
    /// <param name="isActive">False: another manager compacts, and this one only keeps itself informed.</param>
    /// <returns>The revision to compact at; null: none.</returns>
    long? Look(TimeSpan now, long revision, bool isActive);

    /// <summary>What <see cref="Look"/> asked for is done, or was done already. Without this it is asked for again.</summary>
    void Done(TimeSpan now, long revision);
}
