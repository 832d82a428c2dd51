using Storage.Contracts;
using Storage.Core.History;
using Storage.Core.Keys;
using Storage.Core.Leases;
using Storage.Core.Reads;
using Storage.Core.Tree;

namespace Storage.Core.Mvcc;

/// <summary>
/// The v3 key space: the key index, the hot tail, and the Revisions table under them. Single owner. A command makes its changes between two
/// calls of <see cref="EndRevision"/>; they share the revision after the current one (I4).
/// </summary>
public sealed class MvccStore(ITree tree, LeaseTable leases)
{
    /// <summary>Revision of an empty store: the first write makes 2.</summary>
    public const long EmptyRevision = 1;

    private readonly KeyIndex _keys = new();
    private NumberedLog<HotRevision> _hot = new(EmptyRevision + 1);
    private readonly List<HotChange> _changes = [];
    private readonly SlabArena _arena = new();

    /// <summary>Newest complete revision.</summary>
    public long Revision { get; private set; } = EmptyRevision;

    /// <summary>Oldest revision that can be read; -1 before the first compaction.</summary>
    public long CompactRevision { get; set; } = -1;

    /// <summary>What the operation under way shows as its revision: one more than <see cref="Revision"/> once it changed something.</summary>
    public long VisibleRevision => _changes.Count == 0 ? Revision : Revision + 1;

    /// <summary>What the command under way has changed since the last revision ended, in order.</summary>
    internal IReadOnlyList<HotChange> Changes => _changes;

    /// <summary>The key index: for any thread, at revisions up to that of a published view.</summary>
    public KeyIndex Keys => _keys;

    /// <summary>The state as the next operation of the same command sees it. Valid until the next change.</summary>
    public KeySpaceReader Peek() => new()
    {
        Keys = _keys,
        Revision = VisibleRevision,
        CompactRevision = CompactRevision,
        Records = RecordReader.ForOwner(_hot.View(), tree, _changes),
    };

    /// <summary>The history of a key; see <see cref="KeyHistory.IsLive"/>.</summary>
    public KeyHistory Find(ReadOnlySpan<byte> key) => _keys.Find(key);

    /// <summary>Writes a value. The lease must exist.</summary>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long lease)
    {
        var revision = new Revision(Revision + 1, _changes.Count);
        var next = _keys.Put(key, revision, lease, out var before);
        // A key that the command itself created has no previous value.
        var previous = before.IsLive && next.CreateRevision != revision.Main ? BeforeCommand(before) : default;
        if (lease != before.Lease)
            MoveLease(key.ToArray(), before.Lease, lease);

        var message = EventRecord.Put(_arena, key, value, next.CreateRevision, revision.Main, next.Version, lease, out var recordBytes);
        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        RevisionRow.Put(tree, RevisionKey.Write(buffer, revision, tombstone: false), message.Span[^recordBytes..]);
        _changes.Add(new HotChange(message, recordBytes, IsTombstone: false, previous));
    }

    /// <summary>Deletes a key that exists.</summary>
    public void Delete(byte[] key)
    {
        var revision = new Revision(Revision + 1, _changes.Count);
        var before = _keys.Delete(key, revision);
        var previous = BeforeCommand(before);
        if (before.Lease != 0)
            leases.Detach(before.Lease, key);

        // The stored form of a tombstone holds the key alone; watchers also get the revision.
        var message = EventRecord.Tombstone(_arena, key, revision.Main, out var recordBytes);
        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        tree.Put(TableId.Revisions, RevisionKey.Write(buffer, revision, tombstone: true), TombstoneRecord(key));
        _changes.Add(new HotChange(message, recordBytes, IsTombstone: true, previous));
    }

    /// <summary>Ends a command: its changes, if it made any, become one revision.</summary>
    public void EndRevision(ApplySpan? span)
    {
        if (_changes.Count == 0)
            return;
        var first = _changes[0];
        HotChange[]? more = null;
        var bytes = first.Message.Length;
        if (_changes.Count > 1)
        {
            more = new HotChange[_changes.Count - 1];
            _changes.CopyTo(1, more, 0, more.Length);
            foreach (var change in more)
                bytes += change.Message.Length;
        }
        _hot.Append(new HotRevision(first, more, span), bytes);
        _changes.Clear();
        Revision++;
    }

    /// <summary>Forgets recent revisions beyond the bounds, as far as a completed commit holds them.</summary>
    public void TrimHotTail(long committedRevision, int maxRevisions, long maxBytes) =>
        _hot.Trim(committedRevision + 1, maxRevisions, maxBytes);

    /// <summary>Rebuilds the key index from the stored revisions, and sets the revisions as of the stored commit.</summary>
    /// <exception cref="InvalidDataException">A row is no record of ours.</exception>
    public void Load(ITreeSnapshot snapshot, IBatchWorker worker, long revision, long compactRevision)
    {
        var loader = new KeyIndexLoader(_keys, worker);
        snapshot.Scan(TableId.Revisions, new RevisionLoad(loader));
        loader.Complete();
        Revision = revision;
        CompactRevision = compactRevision;
        _hot = new NumberedLog<HotRevision>(revision + 1);
        if (loader.HasLeases)
            AttachKeys();
    }

    /// <summary>Recent revisions as readers see them from here on.</summary>
    public NumberedLogView<HotRevision> FreezeHotTail() => _hot.View();

    private void AttachKeys()
    {
        var cursor = _keys.Seek(KeyRange.All);
        while (cursor.MoveNext())
        {
            if (cursor.History is { IsTombstone: false, Lease: not 0 } history)
                leases.Attach(history.Lease, cursor.Key.ToArray());
        }
    }

    // What a read at the revision before the command under way finds: that, and no change of the command itself, is an event's previous value.
    private Revision BeforeCommand(KeyHistory history) =>
        history.Modified.Main <= Revision ? history.Modified
        : history.TryFind(Revision, out var before, out var tombstone) && !tombstone ? before
        : default;

    private void MoveLease(byte[] key, long from, long to)
    {
        if (from != 0)
            leases.Detach(from, key);
        if (to != 0)
            leases.Attach(to, key);
    }

    internal static byte[] TombstoneRecord(ReadOnlySpan<byte> key)
    {
        var record = new byte[KeyValueRecord.Size(key.Length, 0, 0, 0, 0, 0)];
        var writer = new EtcdApi.Wire.ProtoWriter(record);
        KeyValueRecord.Write(ref writer, key, default, 0, 0, 0, 0);
        return record;
    }
}
