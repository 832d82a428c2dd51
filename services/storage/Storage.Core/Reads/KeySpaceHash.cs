using Storage.Core.Checksums;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Reads;

/// <summary>
/// etcd's HashKV: CRC-32 Castagnoli over the bytes "key", then each stored revision key and record in order, up to the revision asked for. Of what
/// lies at or below the compacted revision only that which compaction keeps counts, and no tombstone; so replicas agree however far each has swept.
/// </summary>
internal static class KeySpaceHash
{
    public static uint Compute(StateView view, long revision)
    {
        using var snapshot = view.Tree.OpenSnapshot();
        var crc = Crc32C.Append(Crc32C.Initial, "key"u8);
        long last = 0;
        for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext();)
        {
            if (!RevisionKey.TryRead(row.Key, out var at, out var tombstone))
                throw new InvalidDataException("a key of the revisions table is no revision");
            if (at.Main > revision)
                return Crc32C.Finish(crc);
            last = at.Main;
            var record = row.Value;
            if (Counts(view, at, tombstone, record))
                crc = Crc32C.Append(Crc32C.Append(crc, row.Key), record);
        }
        return Crc32C.Finish(AppendRecent(crc, view, Math.Max(last + 1, view.Hot.First), revision));
    }

    // Revisions that the last completed commit does not hold.
    private static uint AppendRecent(uint crc, StateView view, long from, long to)
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
                if (Counts(view, at, change.IsTombstone, record))
                    crc = Crc32C.Append(Crc32C.Append(crc, RevisionKey.Write(key, at, change.IsTombstone)), record);
            }
        }
        return crc;
    }

    private static bool Counts(StateView view, Revision at, bool tombstone, ReadOnlySpan<byte> record)
    {
        if (at.Main > view.CompactRevision)
            return true;
        return !tombstone && KeyValueRecord.TryRead(record, out var row)
            && view.Keys.Find(row.Key).TryFind(view.CompactRevision, out var kept, out _) && kept == at;
    }
}
