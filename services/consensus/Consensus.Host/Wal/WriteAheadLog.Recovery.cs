using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Wal;

namespace Consensus.Host.Wal;

// Opening: replays every segment into the hard state, the terms and the record index.
//
// What a crash may leave is an unfinished last group: the kernel orders nothing within one group, so any of its sectors may
// be missing. It was never acknowledged, and it is cut. A later group was written only after the earlier one was durable;
// so a broken record before a valid later group, or in any segment but the last, is damage, and refused (I11).
public sealed partial class WriteAheadLog
{
    /// <summary>What opening cut off, for the log of the process; default is nothing.</summary>
    public readonly record struct TornTail(string File, long Offset, long Bytes);

    /// <summary>What opening cut off.</summary>
    public TornTail Torn { get; private set; }

    /// <summary>Opens the log in the directory, or begins one.</summary>
    /// <exception cref="WalCorruptedException">Acknowledged records are damaged or gone.</exception>
    /// <exception cref="DataDirectoryException">It is the log of another member or cluster.</exception>
    /// <exception cref="WalFullException">No space for the first segment.</exception>
    public static WriteAheadLog Open(WalOptions options, WalDisk disk)
    {
        Directory.CreateDirectory(options.Directory);
        var log = new WriteAheadLog(options, disk);
        try
        {
            log.Recover();
            return log;
        }
        catch
        {
            // Nothing may be written in the name of a log that was not understood.
            log._isPoisoned = true;
            log.Dispose();
            throw;
        }
    }

    private void Recover()
    {
        File.Delete(_sparePath);
        var files = new List<(ulong Sequence, LogIndex First, string Path)>();
        foreach (var path in Directory.EnumerateFiles(_options.Directory, "*" + WalSegment.Extension))
        {
            if (!WalSegment.TryParseName(path, out var sequence, out var first))
                throw new WalCorruptedException(path, 0, "the name is no segment's");
            files.Add((sequence, first, path));
        }
        files.Sort();
        for (var i = 0; i < files.Count; i++)
        {
            if (i > 0 && files[i].Sequence != files[i - 1].Sequence + 1)
                throw new WalCorruptedException(files[i].Path, 0, $"segment {files[i - 1].Sequence + 1:x16} before it is missing");
            RecoverSegment(files[i].Path, files[i].Sequence, files[i].First, isLast: i == files.Count - 1);
        }
        if (_segments.Count == 0)
            Cut(default, 0);
        _writtenHardState = _hardState;
    }

    private void RecoverSegment(string path, ulong sequence, LogIndex first, bool isLast)
    {
        var segment = new WalSegment(path, sequence, new LogIndex(first.Value - 1), WalSegment.Open(path));
        _segments.Add(segment);
        var reader = new SegmentReader(segment);
        long offset = RecoverHead(segment, reader);
        while (true)
        {
            var read = reader.TryRead(offset, out var record, out var payload);
            if (read != WalRead.Record)
                break;
            Replay(segment, offset, record, payload);
            offset += record.Bytes;
        }
        RecoverEnd(segment, reader, offset, isLast);
    }

    private int RecoverHead(WalSegment segment, SegmentReader reader)
    {
        if (reader.TryRead(0, out var record, out var payload) != WalRead.Record
            || record.Type != WalRecordType.Metadata
            || !WalMetadata.TryDecode(payload, out var metadata))
        {
            throw new WalCorruptedException(segment.Path, 0, "it does not begin with a segment head that this version can read");
        }
        if (metadata.Cluster != _options.Cluster || metadata.Member != _options.Member)
        {
            throw new DataDirectoryException(
                $"{_options.Directory} belongs to member {metadata.Member} of cluster {metadata.Cluster}, "
                + $"not to member {_options.Member} of cluster {_options.Cluster}: name, peer URLs, initial cluster and token must be those it was created with");
        }
        if (metadata.Before != segment.Before)
            throw new WalCorruptedException(segment.Path, 0, $"it continues after index {metadata.Before}, its name says {segment.Before}");

        if (_segments.Count == 1)
        {
            _terms = new TermRuns(metadata.Before, metadata.TermBefore);
            _index.Start(metadata.Before);
        }
        else if (!_terms.TryTermAt(metadata.Before, out var term) || term != metadata.TermBefore)
        {
            throw new WalCorruptedException(
                segment.Path, 0, $"it continues after index {metadata.Before}, but the segments before it end at {_terms.Last}");
        }
        else if (metadata.Before < _terms.Last)
        {
            _terms.TruncateFrom(metadata.Before.Next);
            _index.TruncateFrom(metadata.Before.Next);
        }
        // The whole head was durable before the file had its name: nothing in it can be a torn tail.
        var headBytes = record.Bytes;
        if (reader.TryRead(headBytes, out record, out payload) != WalRead.Record || record.Type != WalRecordType.HardState)
            throw new WalCorruptedException(segment.Path, headBytes, "the hard state that every segment begins with is missing");
        Replay(segment, headBytes, record, payload);
        return headBytes + record.Bytes;
    }

    private void Replay(WalSegment segment, long offset, WalRecord record, ReadOnlySpan<byte> payload)
    {
        switch (record.Type)
        {
            case WalRecordType.HardState when WalHardState.TryDecode(payload, out var state):
                _hardState = state;
                return;
            case WalRecordType.Entries when WalEntries.TryDecodeRange(payload, out var first, out var term, out var count):
                if (first <= segment.Before || first > _terms.Last.Next)
                    throw new WalCorruptedException(segment.Path, offset, $"entries from index {first} follow index {_terms.Last}");
                if (first <= _terms.Last)
                    _terms.TruncateFrom(first);
                if (term < _terms.LastTerm)
                    throw new WalCorruptedException(segment.Path, offset, $"entries of term {term} follow entries of term {_terms.LastTerm}");
                for (var i = 0; i < count; i++)
                    _terms.Append(_terms.Last.Next, term);
                _index.Add(new RecordIndex.Item(first, segment, (uint)offset, record.Bytes), _terms.Last);
                return;
            default:
                throw new WalCorruptedException(segment.Path, offset, $"a record of type {record.Type} that this version cannot read");
        }
    }

    private void RecoverEnd(WalSegment segment, SegmentReader reader, long offset, bool isLast)
    {
        var contentEnd = reader.EndOfContent(offset);
        if (contentEnd > offset)
        {
            if (!isLast)
                throw new WalCorruptedException(segment.Path, offset, "a broken record, and a later segment exists");
            if (reader.HasLaterGroup(offset, contentEnd))
                throw new WalCorruptedException(segment.Path, offset, "a broken record, and a later one was written");
            Torn = new TornTail(segment.Path, offset, contentEnd - offset);
        }
        if (!isLast)
            return;

        // Zeros again from here on, and as long as it was made, or the next crash could not be told from this one.
        var length = segment.Capacity;
        if (contentEnd > offset || length < _options.SegmentBytes)
        {
            _disk.WriteZeros(segment.Handle, offset, contentEnd);
            _disk.WriteZeros(segment.Handle, Math.Max(length, offset), _options.SegmentBytes);
            RandomAccess.FlushToDisk(segment.Handle);
            segment.Capacity = RandomAccess.GetLength(segment.Handle);
        }
        _end = offset;
    }
}
