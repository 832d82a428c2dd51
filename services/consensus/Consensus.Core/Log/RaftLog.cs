using Consensus.Contracts;

namespace Consensus.Core.Log;

/// <summary>
/// A member's log: what is stored (behind <see cref="IStoredLog"/>), what is not yet stored (here), and the terms of both.
/// </summary>
/// <remarks>
/// Invariant: Before &lt;= Commit &lt;= Last and Stable &lt;= HandedOut &lt;= Last. Commit may pass Stable: others can
/// make a quorum without this disk (Raft thesis §10.2.1).
/// </remarks>
public sealed class RaftLog
{
    private readonly IStoredLog _stored;
    private readonly TermRuns _terms;

    // Entries of (Stable, Last], oldest first.
    private readonly List<Entry> _unstable = [];

    public RaftLog(TermRuns terms, IStoredLog stored, LogIndex commit)
    {
        _stored = stored;
        _terms = terms;
        Stable = HandedOut = terms.Last;
        Commit = commit < terms.Before ? terms.Before : commit;
        Invariant.Holds(Commit <= Last);
    }

    /// <summary>Index just before the oldest entry: committed, its term known, itself gone.</summary>
    public LogIndex Before => _terms.Before;

    public LogIndex First => _terms.First;
    public LogIndex Last => _terms.Last;
    public Term LastTerm => _terms.LastTerm;
    public LogIndex Commit { get; private set; }

    /// <summary>Last index known to be on stable storage.</summary>
    public LogIndex Stable { get; private set; }

    /// <summary>Last index given to the host to store.</summary>
    public LogIndex HandedOut { get; private set; }

    public bool TryTermAt(LogIndex index, out Term term) => _terms.TryTermAt(index, out term);

    public bool Matches(LogIndex index, Term term) => _terms.TryTermAt(index, out var mine) && mine == term;

    public LogIndex LastAtMost(LogIndex upTo, Term term) => _terms.LastAtMost(upTo, term);

    /// <summary>True when a log that ends in (<paramref name="lastIndex"/>, <paramref name="lastTerm"/>) is at least as complete (Raft §5.4.1).</summary>
    public bool IsUpToDate(LogIndex lastIndex, Term lastTerm) =>
        lastTerm > LastTerm || (lastTerm == LastTerm && lastIndex >= Last);

    /// <summary>Appends the next entry.</summary>
    public void Append(in Entry entry)
    {
        _terms.Append(entry.Index, entry.Term);
        _unstable.Add(entry);
    }

    /// <summary>Cuts the uncommitted suffix from <paramref name="from"/> on (Raft §5.3).</summary>
    public void TruncateFrom(LogIndex from)
    {
        Invariant.Holds(from > Commit);
        _terms.TruncateFrom(from);
        var keep = from.Value > Stable.Value ? (int)(from.Value - Stable.Value - 1) : 0;
        if (keep < _unstable.Count)
            _unstable.RemoveRange(keep, _unstable.Count - keep);
        if (Stable > Last)
            Stable = Last;
        if (HandedOut > Last)
            HandedOut = Last;
    }

    public void CommitTo(LogIndex index)
    {
        Invariant.Holds(index >= Commit && index <= Last);
        Commit = index;
    }

    /// <summary>Entries that the host was not asked to store before, as an array of its own.</summary>
    public Entry[] HandOut()
    {
        if (HandedOut == Last)
            return [];
        var entries = new Entry[Last.Value - HandedOut.Value];
        _unstable.CopyTo((int)(HandedOut.Value - Stable.Value), entries, 0, entries.Length);
        HandedOut = Last;
        return entries;
    }

    /// <summary>Everything up to <paramref name="index"/> is stored.</summary>
    public void Persisted(LogIndex index)
    {
        if (index <= Stable)
            return;
        Invariant.Holds(index <= HandedOut);
        _unstable.RemoveRange(0, (int)(index.Value - Stable.Value));
        Stable = index;
    }

    /// <summary>The host no longer stores what is before <paramref name="first"/>.</summary>
    public void Dropped(LogIndex first)
    {
        Invariant.Holds(first <= Commit.Next && first <= Stable.Next);
        _terms.DropBefore(first);
    }

    /// <summary>
    /// Forgets everything: the log begins anew after <paramref name="before"/>, which is committed. The host is told to do the same with what is stored before
    /// it stores anything else, so this point counts as stored.
    /// </summary>
    public void ResetTo(LogIndex before, Term termBefore)
    {
        Invariant.Holds(before > Commit);
        _terms.ResetTo(before, termBefore);
        _unstable.Clear();
        Stable = HandedOut = Commit = before;
    }

    /// <summary>Entries from <paramref name="from"/> on, at most <paramref name="maxBytes"/> of data but at least one; none at the end.</summary>
    public Entry[] Read(LogIndex from, int maxBytes)
    {
        Invariant.Holds(from >= First);
        if (from > Last)
            return [];
        if (from <= Stable)
            return _stored.Read(from, Stable.Next, maxBytes);

        var start = (int)(from.Value - Stable.Value - 1);
        var count = 0;
        long bytes = 0;
        while (start + count < _unstable.Count)
        {
            bytes += _unstable[start + count].Data.Length;
            if (count > 0 && bytes > maxBytes)
                break;
            count++;
        }
        var entries = new Entry[count];
        _unstable.CopyTo(start, entries, 0, count);
        return entries;
    }
}
