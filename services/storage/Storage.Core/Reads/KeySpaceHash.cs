using Storage.Core.Checksums;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Reads;

/// <summary>
/// etcd's HashKV: CRC-32 Castagnoli over the bytes "key", then each stored revision key and record in order, up to the revision asked for. Of what
/// lies at or below the compacted revision only that counts which a read at the revision asked for finds; so replicas agree however far each has swept.
/// </summary>
/// <remarks>
/// Where such a read finds no key at all, etcd leaves nothing out: then what a finished compaction has left counts, a tombstone at its very revision included.
/// At the compacted revision itself etcd 3.5 answers with a hash that it noted before it compacted; this one computes as everywhere else.
/// </remarks>
internal static class KeySpaceHash
{
    public static uint Compute(StateView view, long revision)
    {
        using var snapshot = view.Tree.OpenSnapshot();
        var finds = LiveKeys.In(view.Keys, new KeyRange([0], [0]), revision).MoveNext();
        var crc = Crc32C.Append(Crc32C.Initial, "key"u8);
        long last = 0;
        for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext();)
        {
            row.ReadRow(out var key, out var record);
            if (!RevisionKey.TryRead(key, out var at, out var tombstone))
                throw new InvalidDataException("a key of the revisions table is no revision");
            if (at.Main > revision)
                return Crc32C.Finish(crc);
            last = at.Main;
            if (Counts(view, at, tombstone, record, revision, finds))
                crc = Crc32C.Append(Crc32C.Append(crc, key), record);
        }
        return Crc32C.Finish(AppendRecent(crc, view, Math.Max(last + 1, view.Hot.First), revision, finds));
    }

    // Revisions that the last completed commit does not hold.
    private static uint AppendRecent(uint crc, StateView view, long from, long to, bool finds)
    {
        Span<byte> key = stackalloc byte[RevisionKey.MaxBytes];
        for (var main = from; main <= to; main++)
        {
            ref readonly var hot = ref view.Hot[main];
            for (var sub = 0; sub < hot.Count; sub++)
            {
                var change = hot[sub];
                var at = new Revision(main, sub);
                KeyValueRecord.TryRead(change.Record.Span, out var row);
                var record = change.IsTombstone ? MvccStore.TombstoneRecord(row.Key) : change.Record.Span;
                if (Counts(view, at, change.IsTombstone, record, to, finds))
                    crc = Crc32C.Append(Crc32C.Append(crc, RevisionKey.Write(key, at, change.IsTombstone)), record);
            }
        }
        return crc;
    }

    /// <param name="view">What is hashed.</param>
    /// <param name="at">The row's revision.</param>
    /// <param name="tombstone">It deleted its key.</param>
    /// <param name="record">The row.</param>
    /// <param name="revision">The revision asked for.</param>
    /// <param name="finds">Whether a read at that revision finds any key.</param>
    private static bool Counts(StateView view, Revision at, bool tombstone, ReadOnlySpan<byte> record, long revision, bool finds)
    {
        if (at.Main > view.CompactRevision)
            return true;
        if (tombstone && (finds || at.Main != view.CompactRevision))
            return false;
        return KeyValueRecord.TryRead(record, out var row)
            && view.Keys.Find(row.Key).TryFind(finds ? revision : view.CompactRevision, out var kept, out _) && kept == at;
    }
}
