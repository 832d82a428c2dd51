namespace Consensus.Core.Wal;

/// <summary>Walks a segment from its start, reading ahead in large steps.</summary>
internal sealed class SegmentReader(WalSegment segment)
{
    private readonly int _stepBytes = (int)Math.Clamp(segment.Capacity, WalFormat.HeaderBytes, 1024 * 1024);

    private byte[] _buffer = [];
    private long _bufferOffset;
    private int _buffered;

    /// <summary>Reads the group that begins at <paramref name="offset"/>; false when nothing, or no whole group, is there.</summary>
    /// <exception cref="WalCorruptedException">A record is valid, and still none that this version writes there.</exception>
    public bool TryReadGroup(long offset, RecoveredGroup group)
    {
        group.Clear();
        for (var at = offset; TryRead(at, out var record, out var payload) == WalRead.Record;)
        {
            if (record.GroupOffset != offset || !group.TryAdd(record, at, payload))
                throw new WalCorruptedException(segment.Path, at, $"a record of type {record.Type} that this version cannot read here");
            if (record.IsGroupEnd)
                return true;
            at += record.Bytes;
        }
        return false;
    }

    /// <summary>Offset after the last byte in [from, end of file) that is not zero; <paramref name="from"/> when there is none.</summary>
    public long EndOfContent(long from)
    {
        var end = from;
        for (var at = from; ;)
        {
            var bytes = At(at, _stepBytes);
            if (bytes.IsEmpty)
                return end;
            var last = bytes.LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
                end = at + last + 1;
            at += bytes.Length;
        }
    }

    /// <summary>True when a valid record in [from, to) belongs to a group that begins after <paramref name="after"/>.</summary>
    public bool HasLaterGroup(long after, long to)
    {
        for (var at = after + WalFormat.Alignment; at < to; at += WalFormat.Alignment)
        {
            if (TryRead(at, out var record, out _) == WalRead.Record && record.GroupOffset > after)
                return true;
        }
        return false;
    }

    /// <summary>Looks for a record at <paramref name="offset"/>; NeedsMore means that the file ends first.</summary>
    private WalRead TryRead(long offset, out WalRecord record, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        var needed = WalFormat.HeaderBytes;
        while (true)
        {
            var bytes = At(offset, needed);
            var read = WalRecord.TryRead(segment.Sequence, offset, bytes, out record);
            if (read == WalRead.Record)
                payload = record.PayloadOf(bytes);
            if (read != WalRead.NeedsMore || bytes.Length < needed)
                return read;
            needed = record.Bytes;
        }
    }

    private ReadOnlySpan<byte> At(long offset, int count)
    {
        if (offset < _bufferOffset || offset + count > _bufferOffset + _buffered)
            Fill(offset, Math.Max(count, _stepBytes));
        var start = (int)(offset - _bufferOffset);
        return _buffer.AsSpan(start, Math.Min(count, _buffered - start));
    }

    private void Fill(long offset, int count)
    {
        if (_buffer.Length < count)
            _buffer = new byte[count];
        _bufferOffset = offset;
        _buffered = 0;
        while (_buffered < count)
        {
            var n = segment.File.Read(_buffer.AsSpan(_buffered, count - _buffered), offset + _buffered);
            if (n == 0)
                return;
            _buffered += n;
        }
    }
}
