using System.Diagnostics;
using Linearizability.History;

namespace Linearizability.Checking;

/// <summary>
/// Looks for an order of one part's operations: depth first, placing next any operation that was called before the first return still
/// outstanding (Wing and Gong), never twice into the same configuration (Lowe).
/// </summary>
/// <remarks>
/// Decided operations are tried first, undecided ones only when no decided one leads on: most of those never took effect, or
/// did so just before somebody saw it. The search is over when all decided operations are placed. How many undecided ones may follow each other is limited,
/// since all subsets of them are candidates everywhere; a search that the limit cut short proves nothing and is repeated with a higher one.
/// </remarks>
internal sealed class PartSearch<TState, TInput, TOutput>
    where TState : IEquatable<TState>
{
    private const int StepsBetweenLooksAtTheClock = 1024;

    private readonly Model<TState, TInput, TOutput> _model;
    private readonly string _part;
    private readonly Operation<TInput, TOutput>[] _decided;
    private readonly Operation<TInput, TOutput>[] _undecided; // By call.
    private readonly bool[] _isPlacedUndecided;
    private readonly Timeline _timeline;
    private readonly OperationSet _placed;
    private readonly SeenConfigurations<TState> _seen = new();
    private readonly List<Placement> _path = [];
    private readonly List<int> _longest = [];
    private readonly int _maxUndecidedInARow;
    private int _undecidedInARow;
    private int _longestDecided = -1;
    private int _placedDecided;
    private TState _state;
    private TState _longestState;

    public PartSearch(Model<TState, TInput, TOutput> model, string part, IEnumerable<Operation<TInput, TOutput>> operations, int maxUndecidedInARow)
    {
        (_model, _part, _state, _longestState, _maxUndecidedInARow) = (model, part, model.Initial, model.Initial, maxUndecidedInARow);
        var all = operations.OrderBy(o => o.Call).ToList();
        _decided = [.. all.Where(o => o.IsDecided)];
        _undecided = [.. all.Where(o => !o.IsDecided)];
        _isPlacedUndecided = new bool[_undecided.Length];
        _timeline = new Timeline([.. _decided.Select(o => (o.Call, o.Return))]);
        _placed = new OperationSet(_decided.Length + _undecided.Length);
    }

    // What was placed, with the state before it, and where its frame had got to: an event of the timeline, or beyond it an undecided operation.
    private readonly record struct Placement(int Operation, TState Before, int Cursor, int UndecidedInARowBefore);

    /// <summary>The limit kept the search from trying something.</summary>
    public bool WasCutShort { get; private set; }

    public PartFailure<TState, TInput, TOutput> Failure
    {
        get
        {
            var inPrefix = _longest.Where(IsDecided).ToHashSet();
            // Between the first event left and the first return left lie the calls of which one would have to come next.
            var left = _decided.Where((_, n) => !inPrefix.Contains(n)).ToList();
            var firstReturn = left.Count == 0 ? long.MaxValue : left.Min(o => o.Return);
            return new(_part, [.. _longest.Select(OperationAt)], _longestState, [.. left.Where(o => o.Call <= firstReturn)], _decided.Length);
        }
    }

    public Verdict Run(long deadline)
    {
        var cursor = _timeline.First;
        for (var steps = 1L; _timeline.First != _timeline.End; steps++)
        {
            if (steps % StepsBetweenLooksAtTheClock == 0 && Stopwatch.GetTimestamp() > deadline)
            {
                NoteLongest();
                return Verdict.OutOfTime;
            }
            if (TryPlaceFrom(ref cursor))
                continue;
            NoteLongest();
            if (_path.Count == 0)
                return Verdict.NotLinearizable;
            cursor = TakeBack();
        }
        return Verdict.Linearizable;
    }

    // Places the first operation at or after the cursor that fits. On success the cursor is at the start of the next frame.
    private bool TryPlaceFrom(ref int cursor)
    {
        for (; cursor < _timeline.End && Timeline.IsCall(cursor); cursor = _timeline.After(cursor))
        {
            var operation = _decided[cursor / 2];
            if (_model.TryApply(_state, operation.Input, operation.Output!, out var next) && TryEnter(cursor / 2, next, cursor))
            {
                cursor = _timeline.First;
                return true;
            }
        }
        if (cursor <= _timeline.End)
            cursor = _timeline.End + 1;
        var firstReturn = FirstReturn();
        for (; UndecidedAt(cursor) is var n && n < _undecided.Length && _undecided[n].Call <= firstReturn; cursor++)
        {
            if (_isPlacedUndecided[n] || !_model.TryApplyUndecided(_state, _undecided[n].Input, out var next))
                continue;
            if (_undecidedInARow == _maxUndecidedInARow)
            {
                WasCutShort = true;
                return false;
            }
            if (TryEnter(_decided.Length + n, next, cursor))
            {
                cursor = _timeline.First;
                return true;
            }
        }
        return false;
    }

    private bool TryEnter(int operation, TState next, int cursor)
    {
        _placed.Toggle(operation);
        var inARow = IsDecided(operation) ? 0 : _undecidedInARow + 1;
        if (!_seen.Add(_placed, next, inARow))
        {
            _placed.Toggle(operation);
            return false;
        }
        _path.Add(new(operation, _state, cursor, _undecidedInARow));
        (_state, _undecidedInARow) = (next, inARow);
        if (IsDecided(operation))
        {
            _timeline.TakeOut(operation);
            _placedDecided++;
        }
        else
        {
            _isPlacedUndecided[operation - _decided.Length] = true;
        }
        return true;
    }

    // Undoes the last placement; returns the cursor behind it.
    private int TakeBack()
    {
        var last = _path[^1];
        _path.RemoveAt(_path.Count - 1);
        (_state, _undecidedInARow) = (last.Before, last.UndecidedInARowBefore);
        _placed.Toggle(last.Operation);
        if (!IsDecided(last.Operation))
        {
            _isPlacedUndecided[last.Operation - _decided.Length] = false;
            return last.Cursor + 1;
        }
        _timeline.PutBack(last.Operation);
        _placedDecided--;
        return _timeline.After(last.Cursor);
    }

    private long FirstReturn()
    {
        var at = _timeline.First;
        while (Timeline.IsCall(at) && at != _timeline.End)
            at = _timeline.After(at);
        return at == _timeline.End ? long.MaxValue : _decided[at / 2].Return;
    }

    private void NoteLongest()
    {
        if (_placedDecided <= _longestDecided)
            return;
        (_longestDecided, _longestState) = (_placedDecided, _state);
        _longest.Clear();
        _longest.AddRange(_path.Select(p => p.Operation));
    }

    private int UndecidedAt(int cursor) => cursor - _timeline.End - 1;

    private bool IsDecided(int operation) => operation < _decided.Length;

    private Operation<TInput, TOutput> OperationAt(int operation) =>
        IsDecided(operation) ? _decided[operation] : _undecided[operation - _decided.Length];
}
