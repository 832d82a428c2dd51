using Storage.Core.Keys;

namespace Storage.Core.Mvcc;

/// <summary>
/// All revisions of one key as they were when it was read from the index, the newest with everything a compare needs. The default is the history of a
/// key that never was.
/// </summary>
/// <remarks>
/// A key lives in generations: from a put that creates it, over puts, to the tombstone that ends it. Example, with
/// t for a tombstone:
/// <code>
/// put@2 put@4 put@6 del@8 | put@10       generations [2 4 6 8t] [10]
/// compact 3   keeps  2 4 6 8t 10         2 is what a read at 3 sees
/// compact 6   keeps  6 8t 10
/// compact 7   keeps  6 8t 10
/// compact 8   keeps  8t 10               a tombstone exactly at the compacted revision stays: a watch from 8 must deliver it
/// compact 9   keeps  10                  otherwise a tombstone goes, and its generation with it
/// </code>
/// A key without revisions left leaves the index.
/// </remarks>
public readonly struct KeyHistory
{
    private readonly KeyState _newest;

    // May get more behind while it is held, none of them before the newest revision here.
    private readonly long[]? _older;

    internal KeyHistory(in KeyState newest, long lease, long[]? older) => (_newest, Lease, _older) = (newest, lease, older);

    /// <summary>There is no such key, not even a deleted one.</summary>
    public bool IsNone => _newest.Main == 0;

    /// <summary>The key exists at the newest revision.</summary>
    public bool IsLive => _newest.Main != 0 && !_newest.IsTombstone;

    /// <summary>The newest revision.</summary>
    public Revision Modified => _newest.Revision;

    /// <summary>The newest revision deleted the key.</summary>
    public bool IsTombstone => _newest.IsTombstone;

    /// <summary>Main revision of the put that began the newest generation; 0 after a delete.</summary>
    public long CreateRevision => _newest.Create;

    /// <summary>Puts in the newest generation; 0 after a delete.</summary>
    public long Version => _newest.Version;

    /// <summary>Lease of the newest revision; 0 is none.</summary>
    public long Lease { get; }

    /// <summary>Revisions held.</summary>
    internal int Count => OlderRevisions.CountBelow(_older, Modified) + 1;

    /// <summary>The newest revision with main at or below <paramref name="main"/>; false when there is none.</summary>
    public bool TryFind(long main, out Revision revision, out bool tombstone) =>
        TryFindBelow(new Revision(main, int.MaxValue), out revision, out tombstone);

    /// <summary>The newest revision before <paramref name="bound"/>; false when there is none.</summary>
    public bool TryFindBelow(Revision bound, out Revision revision, out bool tombstone)
    {
        if (!IsNone && Modified < bound)
        {
            (revision, tombstone) = (Modified, IsTombstone);
            return true;
        }
        var position = OlderRevisions.CountBelow(_older, bound) - 1;
        if (position < 0)
        {
            (revision, tombstone) = (default, false);
            return false;
        }
        (revision, tombstone) = OlderRevisions.At(_older!, position);
        return true;
    }

    /// <summary>A revision, by its place from the oldest (0) to the newest.</summary>
    internal (Revision Revision, bool IsTombstone) At(int position) =>
        position == Count - 1 ? (Modified, IsTombstone) : OlderRevisions.At(_older!, position);

    /// <summary>How many revisions, from the oldest on, compaction at <paramref name="compactRevision"/> does not keep; all of them: the key goes.</summary>
    internal int CountDropped(long compactRevision)
    {
        var bound = new Revision(compactRevision, int.MaxValue);
        var atOrBelow = Modified < bound ? Count : OlderRevisions.CountBelow(_older, bound);
        if (atOrBelow == 0)
            return 0;
        var last = At(atOrBelow - 1);
        var keepsLast = !last.IsTombstone || last.Revision.Main == compactRevision;
        return keepsLast ? atOrBelow - 1 : atOrBelow;
    }
}
