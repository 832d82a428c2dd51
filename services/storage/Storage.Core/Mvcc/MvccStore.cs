using System.Runtime.CompilerServices;
using Storage.Core.History;
using Storage.Core.Leases;
using Storage.Core.Ordered;
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

    private readonly CowMap<KeyHistory> _keys = new();
    private NumberedLog<HotRevision> _hot = new(EmptyRevision + 1);
    private readonly List<HotChange> _changes = [];
    private readonly EventArena _arena = new();

    /// <summary>Newest complete revision.</summary>
    public long Revision { get; private set; } = EmptyRevision;

    /// <summary>Oldest revision that can be read; -1 before the first compaction.</summary>
    public long CompactRevision { get; set; } = -1;

    /// <summary>What the operation under way shows as its revision: one more than <see cref="Revision"/> once it changed something.</summary>
    public long VisibleRevision => _changes.Count == 0 ? Revision : Revision + 1;

    internal CowMap<KeyHistory> Keys => _keys;

    /// <summary>The state as the next operation of the same command sees it. Valid until the next change.</summary>
    public KeySpaceReader Peek() => new()
    {
        Keys = _keys.Peek(),
        Revision = VisibleRevision,
        CompactRevision = CompactRevision,
        Records = RecordReader.ForOwner(_hot.View(), tree, _changes),
    };

    /// <summary>The newest history of a key that exists; null when it does not.</summary>
    public KeyHistory? FindLive(ReadOnlySpan<byte> key) => _keys.Find(key) is { IsTombstone: false } history ? history : null;

    /// <summary>Writes a value. The lease must exist.</summary>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long lease)
    {
        var revision = new Revision(Revision + 1, _changes.Count);
        ref var slot = ref _keys.FindShared(key);
        KeyHistory next;
        byte[]? newKey = null;
        Revision previous = default;
        long previousLease = 0;
        if (Unsafe.IsNullRef(ref slot))
        {
            next = KeyHistory.FirstPut(revision, revision.Main, 1, lease);
            newKey = key.ToArray();
            _keys.Set(newKey, next);
        }
        else
        {
            if (!slot.IsTombstone)
                (previous, previousLease) = (BeforeCommand(slot), slot.Lease);
            next = slot.WithPut(revision, lease);
            if (next.CreateRevision == revision.Main)
                previous = default; // the command itself created the key
            Volatile.Write(ref slot, next);
        }
        if ((lease | previousLease) != 0 && lease != previousLease)
            MoveLease(newKey ?? key.ToArray(), previousLease, lease);

        var message = EventRecord.Put(_arena, key, value, next.CreateRevision, revision.Main, next.Version, lease, out var recordBytes);
        Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
        tree.Put(TableId.Revisions, RevisionKey.Write(buffer, revision, tombstone: false), message.Span[^recordBytes..]);
        _changes.Add(new HotChange(message, recordBytes, IsTombstone: false, previous));
    }

    /// <summary>Deletes a key that exists.</summary>
    public void Delete(byte[] key)
    {
        var revision = new Revision(Revision + 1, _changes.Count);
        ref var slot = ref _keys.FindShared(key);
        Invariant.Holds(!Unsafe.IsNullRef(ref slot) && !slot.IsTombstone);
        var previous = BeforeCommand(slot);
        if (slot.Lease != 0)
            leases.Detach(slot.Lease, key);
        Volatile.Write(ref slot, slot.WithTombstone(revision));

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

    /// <summary>Removes what compaction no longer keeps of a key from the index.</summary>
    internal void ReplaceCompacted(byte[] key, KeyHistory? left)
    {
        if (left is null)
            _keys.Remove(key);
        else
            Volatile.Write(ref _keys.FindShared(key), left);
    }

    /// <summary>Takes over a stored revision at start; called in revision order.</summary>
    public void Load(Revision revision, bool tombstone, ReadOnlySpan<byte> record)
    {
        if (!KeyValueRecord.TryRead(record, out var row))
            throw new InvalidDataException($"revision {revision} holds no key-value record");
        ref var slot = ref _keys.FindShared(row.Key);
        if (!Unsafe.IsNullRef(ref slot))
            slot = tombstone ? slot.WithTombstone(revision) : slot.WithPut(revision, row.Lease);
        else
        {
            _keys.Set(row.Key.ToArray(), tombstone
                ? KeyHistory.FirstTombstone(revision)
                : KeyHistory.FirstPut(revision, row.CreateRevision, row.Version, row.Lease));
        }
    }

    /// <summary>Ends loading: sets the revisions as of the stored commit and attaches keys to their leases.</summary>
    public void EndLoad(long revision, long compactRevision)
    {
        Revision = revision;
        CompactRevision = compactRevision;
        _hot = new NumberedLog<HotRevision>(revision + 1);
        var cursor = _keys.Peek().Seek(default);
        while (cursor.MoveNext())
        {
            if (cursor.Value is { IsTombstone: false, Lease: not 0 } history)
                leases.Attach(history.Lease, cursor.Key);
        }
    }

    /// <summary>What readers see from here on.</summary>
    public (CowMapView<KeyHistory> Keys, NumberedLogView<HotRevision> Hot) Freeze() => (_keys.Freeze(), _hot.View());

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
