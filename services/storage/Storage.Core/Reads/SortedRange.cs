using System.Buffers;
using Storage.Core.Mvcc;

namespace Storage.Core.Reads;

/// <summary>
/// Ranges that are filtered by revision or sorted by anything but ascending key. Beside the response it holds some dozen bytes a row (and a copy of the value when
/// sorting by it): of all accepted rows, or with a limit of about twice as many as it allows.
/// </summary>
internal static class SortedRange
{
    // Small limits need not sort all the time.
    private const int MinRowsKept = 1_024;

    public static void Read(scoped ref KeySpaceReader source, scoped in RangeQuery query, long revision, IBufferWriter<byte> body)
    {
        var rows = Gather(ref source, query, revision, out var count, out var accepted);
        var limit = query.Limit == 0 ? rows.Count : (int)Math.Min(query.Limit, rows.Count);
        for (var i = 0; i < limit; i++)
            RangeReader.WriteRow(ref source, rows[i].Revision, query.KeysOnly, body);
        body.WriteInt64(3, limit < accepted ? 1 : 0);
        body.WriteInt64(4, count);
    }

    // The rows of the answer, in its order and possibly some more; how many keys there are, and how many rows were accepted.
    private static List<Row> Gather(
        scoped ref KeySpaceReader source, scoped in RangeQuery query, long revision, out long count, out long accepted)
    {
        var rows = new List<Row>();
        var order = query.Order == RangeQuery.NoOrder ? null : new RowOrder(query.Order == RangeQuery.Descend);
        // One more than the limit: "more" is known, and the sort decides which of them is left out.
        var fetched = query.LimitsBeforeSorting && query.Limit < int.MaxValue ? query.Limit + 1 : long.MaxValue;
        var kept = query.Limit == 0 ? int.MaxValue : (int)Math.Min(query.Limit, int.MaxValue);
        long seen = 0;
        accepted = 0;
        var keys = LiveKeys.In(source.Keys, query.Range, revision);
        while (seen < fetched && keys.MoveNext())
        {
            if (!TryRead(ref source, ref keys, query, (int)seen++, out var row))
                continue;
            accepted++;
            if (order is null && rows.Count >= kept)
                continue;
            rows.Add(row);
            if (order is not null && rows.Count / 2 >= Math.Max(kept, MinRowsKept))
                KeepFirst(rows, order, kept);
        }
        if (order is not null)
            rows.Sort(order);
        count = seen < fetched ? seen : source.Keys.CountLive(query.Range, revision);
        return rows;
    }

    private static void KeepFirst(List<Row> rows, RowOrder order, int kept)
    {
        rows.Sort(order);
        rows.RemoveRange(kept, rows.Count - kept);
    }

    private static bool TryRead(
        scoped ref KeySpaceReader source, scoped ref LiveKeys keys, scoped in RangeQuery query, int position, out Row row)
    {
        row = default;
        var history = keys.History;
        long create, mod = keys.Revision.Main, version;
        byte[]? value = null;
        // The index knows the newest revision's numbers; those of an older one, and all values, are in the record.
        if (history.Modified == keys.Revision && query.Target != RangeQuery.ByValue)
        {
            (create, version) = (history.CreateRevision, history.Version);
        }
        else
        {
            var stored = query.Target == RangeQuery.ByValue ? source.Records.Read(keys.Revision) : source.Records.ReadHead(keys.Revision);
            if (!KeyValueRecord.TryRead(stored, out var record))
                return false; // a missed record: the whole answer is thrown away by the caller
            (create, version) = (record.CreateRevision, record.Version);
            if (query.Target == RangeQuery.ByValue)
                value = record.Value.ToArray();
        }
        row = new Row(position, keys.Revision, query.Target switch { 1 => version, 2 => create, 3 => mod, 4 => 0, _ => position }, value);
        return query.Accepts(create, mod);
    }

    /// <summary>A row as far as its place depends on it.</summary>
    /// <param name="Position">In key order.</param>
    /// <param name="Revision">Where its record is.</param>
    /// <param name="Number">What is sorted by, unless that is the value.</param>
    /// <param name="Value">The value when that is sorted by.</param>
    private readonly record struct Row(int Position, Revision Revision, long Number, byte[]? Value);

    private sealed class RowOrder(bool isDescending) : IComparer<Row>
    {
        public int Compare(Row left, Row right)
        {
            var comparison = left.Value is null ? left.Number.CompareTo(right.Number) : left.Value.AsSpan().SequenceCompareTo(right.Value);
            if (isDescending)
                comparison = -comparison;
            // Equal elements stay in key order; by key itself none are equal.
            return comparison != 0 ? comparison : left.Position.CompareTo(right.Position);
        }
    }
}
