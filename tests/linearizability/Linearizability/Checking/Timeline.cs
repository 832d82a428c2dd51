using Linearizability.History;

namespace Linearizability.Checking;

/// <summary>
/// The calls and returns of the decided operations still to be placed, in order of time: a linked list in two arrays, so that taking an
/// operation out and putting it back in are a few assignments (Wing and Gong, 1993).
/// </summary>
/// <remarks>
/// Event <c>2n</c> is the call of operation n, <c>2n + 1</c> its return; the last index is the list's head and end. A call and a return at the same
/// time overlap, so calls come first among equals: in doubt two operations are concurrent.
/// </remarks>
internal sealed class Timeline
{
    private readonly int[] _next;
    private readonly int[] _previous;

    public Timeline(IReadOnlyList<(long Call, long Return)> operations)
    {
        End = operations.Count * 2;
        _next = new int[End + 1];
        _previous = new int[End + 1];
        var at = End;
        foreach (var index in Enumerable.Range(0, End).OrderBy(e => IsCall(e) ? operations[e / 2].Call : operations[e / 2].Return).ThenBy(e => e & 1))
        {
            (_next[at], _previous[index]) = (index, at);
            at = index;
        }
        (_next[at], _previous[End]) = (End, at);
    }

    public int End { get; }

    public int First => _next[End];

    public int After(int index) => _next[index];

    public static bool IsCall(int index) => (index & 1) == 0;

    public void TakeOut(int operation)
    {
        Unlink(operation * 2);
        Unlink((operation * 2) + 1);
    }

    /// <summary>Undoes <see cref="TakeOut"/>; the last taken out must be put back first.</summary>
    public void PutBack(int operation)
    {
        Relink((operation * 2) + 1);
        Relink(operation * 2);
    }

    private void Unlink(int index) => (_next[_previous[index]], _previous[_next[index]]) = (_next[index], _previous[index]);

    private void Relink(int index) => _next[_previous[index]] = _previous[_next[index]] = index;
}
