using Consensus.Contracts;

namespace Consensus.Core.Log;

/// <summary>
/// The term of every index of a log, without the entries: a few runs, since terms rise and change seldom.
/// </summary>
/// <remarks>
/// Knows the term of each index in [Before, Last], where Before is the index just before the oldest entry still kept.
/// Invariant: runs are ordered by start and by term; the first one starts at Before.
/// </remarks>
public sealed class TermRuns
{
    private readonly List<(ulong Start, Term Term)> _runs = [];

    /// <param name="before">Index just before the oldest entry, 0 for a whole log.</param>
    /// <param name="termBefore">Its term.</param>
    public TermRuns(LogIndex before, Term termBefore)
    {
        Before = Last = before;
        _runs.Add((before.Value, termBefore));
    }

    public LogIndex Before { get; private set; }
    public LogIndex First => Before.Next;
    public LogIndex Last { get; private set; }
    public Term LastTerm => _runs[^1].Term;

    /// <summary>Forgets everything: the log begins anew after <paramref name="before"/>.</summary>
    public void ResetTo(LogIndex before, Term termBefore)
    {
        Before = Last = before;
        _runs.Clear();
        _runs.Add((before.Value, termBefore));
    }

    /// <summary>The same terms in an object of its own.</summary>
    public TermRuns Copy()
    {
        var copy = new TermRuns(Before, default) { Last = Last };
        copy._runs.Clear();
        copy._runs.AddRange(_runs);
        return copy;
    }

    /// <summary>Appends one index.</summary>
    public void Append(LogIndex index, Term term)
    {
        Invariant.Holds(index == Last.Next && term >= LastTerm);
        if (term != LastTerm)
            _runs.Add((index.Value, term));
        Last = index;
    }

    /// <summary>Term at <paramref name="index"/>; false outside [Before, Last].</summary>
    public bool TryTermAt(LogIndex index, out Term term)
    {
        term = default;
        if (index < Before || index > Last)
            return false;
        term = _runs[RunOf(index)].Term;
        return true;
    }

    /// <summary>Cuts <paramref name="from"/> and everything after it.</summary>
    public void TruncateFrom(LogIndex from)
    {
        Invariant.Holds(from > Before && from <= Last.Next);
        Last = new LogIndex(from.Value - 1);
        while (_runs.Count > 1 && _runs[^1].Start >= from.Value)
            _runs.RemoveAt(_runs.Count - 1);
    }

    /// <summary>Forgets everything before <paramref name="first"/>, except the term just before it.</summary>
    public void DropBefore(LogIndex first)
    {
        if (first <= First)
            return;
        Invariant.Holds(first <= Last.Next);
        var before = new LogIndex(first.Value - 1);
        var run = RunOf(before);
        _runs.RemoveRange(0, run);
        _runs[0] = (before.Value, _runs[0].Term);
        Before = before;
    }

    /// <summary>
    /// The last index at or before <paramref name="upTo"/> whose term is at most <paramref name="term"/>: where two
    /// logs can still agree (Raft §5.3). Before, when there is none.
    /// </summary>
    public LogIndex LastAtMost(LogIndex upTo, Term term)
    {
        var index = upTo < Last ? upTo : Last;
        if (index <= Before)
            return Before;
        var run = RunOf(index);
        while (run > 0 && _runs[run].Term > term)
            index = new LogIndex(_runs[run--].Start - 1);
        return index;
    }

    private int RunOf(LogIndex index)
    {
        var low = 0;
        var high = _runs.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_runs[middle].Start <= index.Value)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
