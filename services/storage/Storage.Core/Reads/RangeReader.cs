using System.Buffers;
using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.Mvcc;

namespace Storage.Core.Reads;

/// <summary>Answers etcdserverpb.RangeRequest: RangeResponse fields kvs 2, more 3, count 4. Stored bytes are copied, never re-encoded.</summary>
public static class RangeReader
{
    // Rows from which the size of the others is estimated, and what is reserved for them at most.
    private const int RowsOfEstimate = 64, MaxReservedBytes = 256 * 1024 * 1024;

    // Rows fetched from the disk at once, and about how much; rows after one that was in memory until the next is looked for.
    private const int MaxRowsAhead = 128, MaxBytesAhead = 4 * 1024 * 1024, RowsTakenOnTrust = 32;

    /// <summary>Says whether a revision can be read.</summary>
    public static StorageError Check(in RangeQuery query, long currentRevision, long compactRevision) =>
        query.Revision > currentRevision ? StorageError.FutureRevision
        : query.Revision > 0 && query.Revision < compactRevision ? StorageError.Compacted
        : StorageError.None;

    /// <summary>The same inside a txn, where etcd compares a negative revision as it is instead of reading at the current one.</summary>
    public static StorageError CheckInTxn(in RangeQuery query, long currentRevision, long compactRevision) =>
        query.Revision < 0 && query.Revision < compactRevision
            ? StorageError.Compacted
            : Check(query, currentRevision, compactRevision);

    /// <summary>Writes the answer behind what <paramref name="body"/> holds already. Writes nothing on an error.</summary>
    public static StorageError Read(scoped ref KeySpaceReader source, scoped in RangeQuery query, IBufferWriter<byte> body)
    {
        var error = Check(query, source.Revision, source.CompactRevision);
        if (error != StorageError.None)
            return error;
        var revision = query.Revision <= 0 ? source.Revision : query.Revision;
        if (query.Range.IsSingle && query.IsPlain)
            ReadOne(ref source, query, revision, body);
        else if (query.IsPlain || query.CountOnly)
            ReadPlain(ref source, query, revision, body);
        else
            SortedRange.Read(ref source, query, revision, body);
        return StorageError.None;
    }

    // One key: the answer's size is known before a byte is written.
    private static void ReadOne(scoped ref KeySpaceReader source, scoped in RangeQuery query, long revision, IBufferWriter<byte> body)
    {
        if (!source.Keys.Find(query.Range.Key).TryFind(revision, out var found, out var tombstone) || tombstone)
            return;
        if (query.CountOnly)
        {
            body.WriteInt64(4, 1);
            return;
        }
        if (query.KeysOnly)
        {
            WriteWithoutValue(body, source.Records.ReadHead(found));
            body.WriteInt64(4, 1);
            return;
        }
        var record = source.Records.Read(found);
        var writer = new ProtoWriter(body.GetSpan(ProtoWriter.MessageSize(2, record.Length) + ProtoWriter.Int64Size(4, 1)));
        writer.Message(2, record);
        writer.Int64(4, 1);
        body.Advance(writer.Written);
    }

    private static void ReadPlain(scoped ref KeySpaceReader source, scoped in RangeQuery query, long revision, IBufferWriter<byte> body)
    {
        // Of what lies behind the limit only the number is wanted.
        var count = source.Keys.CountLive(query.Range, revision);
        var limit = query.CountOnly ? 0 : query.Limit == 0 ? count : Math.Min(query.Limit, count);
        long rows = 0, bytes = 0, fetched = 0;
        var keys = LiveKeys.In(source.Keys, query.Range, revision);
        while (rows < limit && keys.MoveNext())
        {
            if (rows == fetched && limit > 1 && !query.KeysOnly)
                fetched += FetchAhead(ref source, keys, limit - rows);
            bytes += WriteRow(ref source, keys.Revision, query.KeysOnly, body);
            if (++rows == RowsOfEstimate && !query.KeysOnly)
                Reserve(body, bytes / rows * (limit - rows));
        }
        body.WriteInt64(3, count > rows && !query.CountOnly ? 1 : 0);
        body.WriteInt64(4, count);
    }

    // The array of a long answer is made once if its rows are much alike, and not by doubling, which copies what is there.
    private static void Reserve(IBufferWriter<byte> body, long estimatedBytes) =>
        body.GetSpan((int)Math.Min(estimatedBytes + (estimatedBytes / 16), MaxReservedBytes));

    // Rows that a compaction left or that were written long ago may lie anywhere on the disk: waited for one by one, each would cost its whole latency. Of rows in memory the next is
    // tried only now and then. Answers how many rows that was good for, the current one among them.
    private static long FetchAhead(scoped ref KeySpaceReader source, LiveKeys keys, long rows)
    {
        long bytes = source.Records.FetchAhead(keys.Revision), done = 1;
        if (bytes == 0)
            return RowsTakenOnTrust;
        for (; done < Math.Min(rows, MaxRowsAhead) && bytes < MaxBytesAhead && keys.MoveNext(); done++)
            bytes += source.Records.FetchAhead(keys.Revision);
        return done;
    }

    /// <summary>Writes one row, and answers the bytes of its record, or of what was read of it.</summary>
    internal static int WriteRow(scoped ref KeySpaceReader source, Revision revision, bool keyOnly, IBufferWriter<byte> body)
    {
        if (keyOnly)
        {
            var head = source.Records.ReadHead(revision);
            WriteWithoutValue(body, head);
            return head.Length;
        }
        var record = source.Records.Read(revision);
        body.WriteMessage(2, record);
        return record.Length;
    }

    private static void WriteWithoutValue(IBufferWriter<byte> body, ReadOnlySpan<byte> record)
    {
        if (!KeyValueRecord.TryRead(record, out var row))
            return; // a missed record: the whole answer is thrown away by the caller
        var size = KeyValueRecord.Size(row.Key.Length, 0, row.CreateRevision, row.ModRevision, row.Version, row.Lease);
        var writer = new ProtoWriter(body.GetSpan(ProtoWriter.MessageSize(2, size)));
        writer.MessageHeader(2, size);
        KeyValueRecord.Write(ref writer, row.Key, default, row.CreateRevision, row.ModRevision, row.Version, row.Lease);
        body.Advance(writer.Written);
    }
}
