using Consensus.Contracts;

namespace Consensus.Core.Wal;

// Reading what was stored, on any thread.
public sealed partial class WriteAheadLog
{
    /// <inheritdoc/>
    /// <exception cref="LogCompactedException"><paramref name="from"/> was dropped.</exception>
    /// <exception cref="WalCorruptedException">The disk holds something else than was written.</exception>
    public Entry[] Read(LogIndex from, LogIndex to, int maxBytes)
    {
        var result = new List<Entry>();
        long bytes = 0;
        while (from < to && _index.TryFind(from, out var item, out var end))
        {
            var entries = ReadRecord(item);
            var skip = from.Value - item.First.Value;
            var count = Math.Min(Math.Min(end.Value, to.Value) - from.Value, (ulong)entries.Length - skip);
            foreach (ref readonly var entry in entries.AsSpan((int)skip, (int)count))
            {
                bytes += entry.Data.Length;
                if (result.Count > 0 && bytes > maxBytes)
                    return [.. result];
                result.Add(entry);
            }
            from = new LogIndex(from.Value + count);
        }
        return [.. result];
    }

    private Entry[] ReadRecord(in RecordIndex.Item item)
    {
        var buffer = new byte[item.Bytes];
        try
        {
            var read = 0;
            while (read < buffer.Length)
            {
                var n = item.Segment.File.Read(buffer.AsSpan(read), item.Offset + read);
                if (n == 0)
                    throw new WalCorruptedException(item.Segment.Path, item.Offset, "the file ends within a record");
                read += n;
            }
        }
        catch (ObjectDisposedException)
        {
            throw new LogCompactedException(First);
        }

        if (WalRecord.TryRead(item.Segment.Sequence, item.Offset, buffer, out var record) != WalRead.Record
            || record.Type != WalRecordType.Entries
            || !WalEntries.TryDecode(buffer.AsMemory(WalFormat.HeaderBytes, record.PayloadBytes), out var entries)
            || entries[0].Index != item.First)
        {
            throw new WalCorruptedException(item.Segment.Path, item.Offset, "a record changed since it was written");
        }
        return entries;
    }
}
