using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Compaction;

/// <summary>
/// Removes what compaction made unreadable, from the key index and from the Revisions table, in steps of bounded work. Single owner.
/// </summary>
/// <remarks>
/// <para>
/// A compaction is in force once its revision is set; when the sweep gets to a key makes no difference to any answer. A sweep that a crash
/// interrupts starts again: of each key the oldest revisions go first, so what is left of it is always an end piece of its history.
/// </para>
/// <para>It goes in rounds: looks at keys until it has found so many revisions as it may remember, then removes these in table order.</para>
/// </remarks>
public sealed class CompactionSweep
{
    /// <summary>Revisions remembered between finding and removing them: 16 MiB. The more, the fewer rounds copy the same page.</summary>
    public const int MaxRemembered = 1 << 20;

    // Work is counted in looks at a key (some 0.2 us). Most of a removal is the way down the tree; a page that it is the first to change is copied.
    private const int RemovalWork = 6;
    private const int PageCopyWork = 12;
    private const int PageBytes = 4096;

    // So many keys are looked at between two changes of the index.
    private const int KeysPerLook = 256;

    private readonly ITree _tree;
    private readonly MvccStore _store;
    private readonly PruneFloor _floor;
    private readonly DoomedRevisions _doomed = new();
    private readonly List<(Revision Revision, bool IsTombstone)> _found = [];
    private long _target;
    private bool _isUnderWay;
    private bool _isRemoving;
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
    /// Goes on until so much work is done, in units of some 0.2 us: 1 for each key looked at, more for each revision removed and each page copied. To be
    /// called only when a view with the current compact revision is published: a reader that finds holes turns to it.
    /// </summary>
    /// <returns>Revisions removed.</returns>
    public int Step(int maxWork)
    {
        if (!_isUnderWay)
        {
            if (!IsPending)
                return 0;
            _target = _store.CompactRevision;
            _floor.Revision = _target;
            (_isUnderWay, _isRemoving, _isPlanned, _position) = (true, false, false, []);
        }
        var removed = 0;
        for (var work = 0; work < maxWork && _isUnderWay;)
        {
            work += _isRemoving ? Remove(maxWork - work, ref removed) : Look(Math.Min(KeysPerLook, maxWork - work));
            if (!_isRemoving)
                _isRemoving = _isPlanned || _doomed.Count >= MaxRemembered;
            else if (_doomed.Count == 0)
                (_isRemoving, _isUnderWay) = (false, !_isPlanned);
        }
        if (!_isUnderWay)
            SweptRevision = _target;
        return removed;
    }

    // Index first: from here on no new reader is led to the doomed revisions.
    private int Look(int maxKeys)
    {
        _found.Clear();
        var next = _store.Keys.Compact(_position, maxKeys, _target, _found);
        _isPlanned = next is null;
        _position = next ?? [];
        _doomed.Add(_found);
        return maxKeys + _found.Count;
    }

    private int Remove(int maxWork, ref int removed)
    {
        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        var work = 0;
        while (work < maxWork && _doomed.Count > 0)
        {
            var dirtyBefore = _tree.DirtyBytes;
            var (revision, tombstone) = _doomed.Take();
            Invariant.Holds(_tree.Delete(TableId.Revisions, RevisionKey.Write(buffer, revision, tombstone)));
            removed++;
            work += RemovalWork + (int)(Math.Max(0, _tree.DirtyBytes - dirtyBefore) / PageBytes * PageCopyWork);
        }
        return work;
    }
}
