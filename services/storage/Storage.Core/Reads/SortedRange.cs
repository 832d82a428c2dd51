using System.Buffers;
using Storage.Core.Mvcc;

namespace Storage.Core.Reads;

/// <summary>Ranges that are filtered by revision or sorted by anything but ascending key: all rows are gathered first.</summary>
internal static class SortedRange
{
    private sealed record Row(int Position, byte[] Record, long Version, long CreateRevision, long ModRevision, Range Value);

    public static void Read(scoped ref KeySpaceReader source, scoped in RangeQuery query, long revision, IBufferWriter<byte> body)
    {
        var (order, target) = (query.Order, query.Target);
        var rows = Gather(ref source, query, revision, out var count);
        if (order != RangeQuery.NoOrder)
        {
            rows.Sort((left, right) =>
            {
                var comparison = Compare(left, right, target);
                if (order == RangeQuery.Descend)
                    comparison = -comparison;
                // Equal elements stay in key order; by key itself none are equal.
                return comparison != 0 ? comparison : left.Position.CompareTo(right.Position);
            });
        }
        var limit = query.Limit == 0 ? rows.Count : (int)Math.Min(query.Limit, rows.Count);
        for (var i = 0; i < limit; i++)
            RangeReader.WriteRow(body, rows[i].Record, query.KeysOnly);
        body.WriteInt64(3, limit < rows.Count ? 1 : 0);
        body.WriteInt64(4, count);
    }

    private static List<Row> Gather(scoped ref KeySpaceReader source, scoped in RangeQuery query, long revision, out long count)
    {
        var rows = new List<Row>();
        count = 0;
        // One more than the limit: "more" is known, and the sort decides which of them is left out.
        var fetched = query.LimitsBeforeSorting && query.Limit < int.MaxValue ? query.Limit + 1 : long.MaxValue;
        var keys = LiveKeys.In(source.Keys, query.Range, revision);
        while (keys.MoveNext())
        {
            if (++count > fetched)
                continue;
            var record = source.Records.Read(keys.Revision);
            if (!KeyValueRecord.TryRead(record, out var row) || !query.Accepts(row.CreateRevision, row.ModRevision))
                continue;
            var valueStart = row.Value.IsEmpty ? 0 : ByteOffset(record, row.Value);
            rows.Add(new Row(
                rows.Count, record.ToArray(), row.Version, row.CreateRevision, row.ModRevision, valueStart..(valueStart + row.Value.Length)));
        }
        return rows;
    }

    private static int Compare(Row left, Row right, int target) => target switch
    {
        1 => left.Version.CompareTo(right.Version),
        2 => left.CreateRevision.CompareTo(right.CreateRevision),
        3 => left.ModRevision.CompareTo(right.ModRevision),
        4 => left.Record.AsSpan(left.Value).SequenceCompareTo(right.Record.AsSpan(right.Value)),
        _ => left.Position.CompareTo(right.Position),
    };

    private static int ByteOffset(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part)
    {
        Invariant.Holds(whole.Overlaps(part, out var offset));
        return offset;
    }
}
