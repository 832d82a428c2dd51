using System.Runtime.InteropServices;
using Storage.Core.History;
using Storage.Core.Mvcc;
using Storage.Core.Tree;

namespace Storage.Core.Reads;

/// <summary>
/// Finds stored records by revision: first in the hot tail, then in the tree. A tree snapshot is opened only when one is needed, and released
/// by <see cref="Dispose"/>. The spans it hands out are valid until then (in the owner's form: until the next change).
/// </summary>
public ref struct RecordReader
{
    private readonly NumberedLogView<HotRevision> _hot;
    private readonly ITree _tree;

    // The owner's own reads go through all changes, those of the command under way included.
    private readonly bool _isOwner;
    private readonly List<HotChange>? _pending;
    private ITreeSnapshot? _snapshot;

    private RecordReader(NumberedLogView<HotRevision> hot, ITree tree, bool isOwner, List<HotChange>? pending)
    {
        _hot = hot;
        _tree = tree;
        _isOwner = isOwner;
        _pending = pending;
    }

    /// <summary>For any thread, on a published view.</summary>
    public static RecordReader ForView(NumberedLogView<HotRevision> hot, ITree tree) => new(hot, tree, isOwner: false, null);

    /// <summary>For the owner while it applies: <paramref name="pending"/> are the changes of revision <c>hot.Next</c>, not yet in the tail.</summary>
    public static RecordReader ForOwner(NumberedLogView<HotRevision> hot, ITree tree, List<HotChange> pending) =>
        new(hot, tree, isOwner: true, pending);

    /// <summary>A record was found neither in memory nor in the tree: compacted meanwhile, or lost.</summary>
    public bool MissedRecord { get; private set; }

    /// <summary>The record of a put; empty, and <see cref="MissedRecord"/>, when it is not there.</summary>
    public ReadOnlySpan<byte> Read(Revision revision) => Find(revision, headOnly: false);

    /// <summary>The same, and perhaps without the value: for who wants only the rest.</summary>
    public ReadOnlySpan<byte> ReadHead(Revision revision) => Find(revision, headOnly: true);

    /// <summary>Begins to fetch a record that will be read soon; its bytes, or 0: that is not necessary, or not possible.</summary>
    public int FetchAhead(Revision revision)
    {
        if (_isOwner || _hot.Holds(revision.Main))
            return 0;
        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        return Snapshot.FetchAhead(TableId.Revisions, RevisionKey.Write(buffer, revision, tombstone: false));
    }

    private ReadOnlySpan<byte> Find(Revision revision, bool headOnly)
    {
        if (_hot.Holds(revision.Main))
            return _hot[revision.Main][revision.Sub].Record.Span;
        if (_pending is not null && revision.Main == _hot.Next)
            return _pending[revision.Sub].Record.Span;

        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        var key = RevisionKey.Write(buffer, revision, tombstone: false);
        var isFound = _isOwner
            ? headOnly ? _tree.TryGetHead(TableId.Revisions, key, out var record) : _tree.TryGet(TableId.Revisions, key, out record)
            : headOnly ? Snapshot.TryGetHead(TableId.Revisions, key, out record) : Snapshot.TryGet(TableId.Revisions, key, out record);
        if (isFound)
        {
            // The compiler must assume that the value may alias the key's buffer on this stack; it lies in a page.
            return MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetReference(record), record.Length);
        }
        MissedRecord = true;
        return default;
    }

    /// <summary>The tree's last completed commit.</summary>
    public ITreeSnapshot Snapshot => _snapshot ??= _tree.OpenSnapshot();

    public readonly void Dispose() => _snapshot?.Dispose();
}
