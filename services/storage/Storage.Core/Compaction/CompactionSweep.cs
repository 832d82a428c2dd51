using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Compaction;

/// <summary>
/// Removes what compaction made unreadable, from the key index and from the Revisions table, in steps of bounded work. Single owner.
/// </summary>
/// <remarks>
/// A compaction is in force once its revision is set; when the sweep gets to a key makes no difference to any answer. A sweep that a crash
/// interrupts starts again: revisions go oldest first, so what is left of a key is always an end piece of its history.
/// </remarks>
public sealed class CompactionSweep
{
    private readonly ITree _tree;
    private readonly MvccStore _store;
    private readonly PruneFloor _floor;
    private readonly List<(Revision Revision, bool IsTombstone)> _doomed = [];
    private int _doomedDone;
    private long _target;
    private bool _isUnderWay;
    private bool _isPlanned; // every key was looked at
    private byte[] _position = []; // next key to look at

    internal CompactionSweep(ITree tree, MvccStore store, PruneFloor floor) => (_tree, _store, _floor) = (tree, store, floor);

    /// <summary>Everything that compaction at this revision removes is gone.</summary>
    public long SweptRevision { get; private set; } = -1;

    /// <summary>There is something to remove.</summary>
    public bool IsPending => _isUnderWay || SweptRevision < _store.CompactRevision;

    internal void Resume(long sweptRevision)
    {
        SweptRevision = sweptRevision;
        _floor.Revision = _store.CompactRevision;
    }

    /// <summary>
    /// Looks at no more than <paramref name="maxKeys"/> keys and removes no more than as many revisions. To be called only when a view with the current
    /// compact revision is published: a reader that finds holes turns to it.
    /// </summary>
    /// <returns>Revisions removed.</returns>
    public int Step(int maxKeys)
    {
        if (!_isUnderWay)
        {
            if (!IsPending)
                return 0;
            _target = _store.CompactRevision;
            _floor.Revision = _target;
            (_isUnderWay, _isPlanned, _position) = (true, false, []);
        }
        if (!_isPlanned && _doomedDone == _doomed.Count)
            Plan(maxKeys);
        return Remove(maxKeys);
    }

    // Index first: from here on no new reader is led to the doomed revisions.
    private void Plan(int maxKeys)
    {
        _doomed.Clear();
        _doomedDone = 0;
        var next = _store.Keys.Compact(_position, maxKeys, _target, _doomed);
        _isPlanned = next is null;
        _position = next ?? [];
    }

    private int Remove(int max)
    {
        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        var removed = 0;
        for (; removed < max && _doomedDone < _doomed.Count; removed++)
        {
            var (revision, tombstone) = _doomed[_doomedDone++];
            Invariant.Holds(_tree.Delete(TableId.Revisions, RevisionKey.Write(buffer, revision, tombstone)));
        }
        if (_isPlanned && _doomedDone == _doomed.Count)
            (_isUnderWay, SweptRevision) = (false, _target);
        return removed;
    }
}
