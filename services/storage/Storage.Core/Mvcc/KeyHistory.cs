namespace Storage.Core.Mvcc;

/// <summary>
/// All revisions of one key, the newest with everything a compare needs. Immutable: a change makes the next history, which
/// the index swaps in. Readers of older views are bounded by their revision and see past what they must not see.
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
public sealed class KeyHistory
{
    // Older revisions, ascending; the first _olderCount belong to this history. Histories of one key share the array: only the
    // newest appends, behind everything that earlier ones can see.
    private readonly Entry[]? _older;
    private readonly int _olderCount;

    private KeyHistory(
        Revision modified, bool isTombstone, long createRevision, long version, long lease, Entry[]? older, int olderCount)
    {
        Modified = modified;
        IsTombstone = isTombstone;
        CreateRevision = createRevision;
        Version = version;
        Lease = lease;
        _older = older;
        _olderCount = olderCount;
    }

    /// <summary>The newest revision.</summary>
    public Revision Modified { get; }

    /// <summary>The newest revision deleted the key.</summary>
    public bool IsTombstone { get; }

    /// <summary>Main revision of the put that began the newest generation; 0 after a delete.</summary>
    public long CreateRevision { get; }

    /// <summary>Puts in the newest generation; 0 after a delete.</summary>
    public long Version { get; }

    /// <summary>Lease of the newest revision; 0 is none.</summary>
    public long Lease { get; }

    /// <summary>Revisions held.</summary>
    public int Count => _olderCount + 1;

    /// <summary>A key's first revision, or the first one kept.</summary>
    public static KeyHistory FirstPut(Revision revision, long createRevision, long version, long lease) =>
        new(revision, false, createRevision, version, lease, null, 0);

    /// <summary>A history that begins with a tombstone: what compaction left of a deleted key.</summary>
    public static KeyHistory FirstTombstone(Revision revision) => new(revision, true, 0, 0, 0, null, 0);

    /// <summary>The history after another put.</summary>
    public KeyHistory WithPut(Revision revision, long lease) =>
        IsTombstone ? Append(revision, false, revision.Main, 1, lease) : Append(revision, false, CreateRevision, Version + 1, lease);

    /// <summary>The history after a delete.</summary>
    public KeyHistory WithTombstone(Revision revision) => Append(revision, true, 0, 0, 0);

    /// <summary>The newest revision with main at or below <paramref name="main"/>; false when there is none.</summary>
    public bool TryFind(long main, out Revision revision, out bool tombstone) =>
        TryFindBelow(new Revision(main, int.MaxValue), out revision, out tombstone);

    /// <summary>The newest revision before <paramref name="bound"/>; false when there is none.</summary>
    public bool TryFindBelow(Revision bound, out Revision revision, out bool tombstone)
    {
        if (Modified < bound)
        {
            (revision, tombstone) = (Modified, IsTombstone);
            return true;
        }
        var position = OlderBelow(bound) - 1;
        if (position < 0)
        {
            (revision, tombstone) = (default, false);
            return false;
        }
        (revision, tombstone) = (_older![position].Revision, _older[position].IsTombstone);
        return true;
    }

    /// <summary>
    /// What is left after compaction at <paramref name="compactRevision"/>; null when nothing is. The revisions that go are
    /// added to <paramref name="doomed"/>, oldest first.
    /// </summary>
    public KeyHistory? Compact(long compactRevision, List<(Revision Revision, bool IsTombstone)> doomed)
    {
        var bound = new Revision(compactRevision, int.MaxValue);
        var coversNewest = Modified < bound;
        var atOrBelow = coversNewest ? Count : OlderBelow(bound);
        if (atOrBelow == 0)
            return this;
        var last = At(atOrBelow - 1);
        var keepsLast = !last.IsTombstone || last.Revision.Main == compactRevision;
        var drop = keepsLast ? atOrBelow - 1 : atOrBelow;
        if (drop == 0)
            return this;
        for (var i = 0; i < drop; i++)
            doomed.Add((At(i).Revision, At(i).IsTombstone));
        if (drop == Count)
            return null;
        var older = _olderCount == drop ? null : _older.AsSpan(drop, _olderCount - drop).ToArray();
        return new KeyHistory(Modified, IsTombstone, CreateRevision, Version, Lease, older, _olderCount - drop);
    }

    private Entry At(int position) => position == _olderCount ? new Entry(Modified, IsTombstone) : _older![position];

    private KeyHistory Append(Revision revision, bool tombstone, long createRevision, long version, long lease)
    {
        var older = _older;
        if (older is null)
            older = new Entry[2];
        else if (_olderCount == older.Length)
            Array.Resize(ref older, _olderCount * 2);
        older[_olderCount] = new Entry(Modified, IsTombstone);
        return new KeyHistory(revision, tombstone, createRevision, version, lease, older, _olderCount + 1);
    }

    // Number of older revisions before the bound.
    private int OlderBelow(Revision bound)
    {
        var (low, high) = (0, _olderCount);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_older![middle].Revision < bound)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // 16 bytes: the tombstone mark rides in the sign of sub.
    private readonly struct Entry(Revision revision, bool isTombstone)
    {
        private readonly long _main = revision.Main;
        private readonly int _sub = isTombstone ? ~revision.Sub : revision.Sub;

        public Revision Revision => new(_main, _sub < 0 ? ~_sub : _sub);
        public bool IsTombstone => _sub < 0;
    }
}
