using Consensus.Contracts;
using Consensus.Core.Log;

namespace Consensus.Core.Wal;

// Opening: replays every segment into the hard state, the terms, the configurations and the record index.
//
// What a crash may leave is an unfinished last group: the kernel orders nothing within one group, so any of its sectors may
// be missing. It was never acknowledged, and it is cut. A later group was written only after the earlier one was durable;
// so a broken record before a valid later group, or in any segment but the last, is damage, and refused (I11).
public sealed partial class WriteAheadLog
{
    /// <summary>What opening cut off, for the log of the process; default is nothing.</summary>
    public readonly record struct TornTail(string File, long Offset, long Bytes);

    private readonly record struct SegmentFile(ulong Sequence, LogIndex First, string Name) : IComparable<SegmentFile>
    {
        public int CompareTo(SegmentFile other) => Sequence.CompareTo(other.Sequence);
    }

    /// <summary>What opening cut off.</summary>
    public TornTail Torn { get; private set; }

    /// <summary>True when there is a log, whole or damaged. A crash within <see cref="Create"/> leaves none.</summary>
    public static bool Exists(ILogDisk disk) => disk.List().Any(IsSegment);

    /// <summary>Opens the log that is there; what it then holds is durable.</summary>
    /// <exception cref="WalCorruptedException">Acknowledged records are damaged or gone.</exception>
    /// <exception cref="WalFailedException">The disk failed.</exception>
    public static WriteAheadLog Open(ILogDisk disk, WalOptions options)
    {
        var log = new WriteAheadLog(disk, options);
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

    private static bool IsSegment(string name) => name.EndsWith(WalSegment.Extension, StringComparison.Ordinal);

    private void Recover()
    {
        _disk.DiscardSpare();
        // A crash of the process alone, right after a segment got its name, leaves a name that only the kernel knows.
        _disk.SyncNames();
        var files = DropVoid(ListSegments());
        if (files.Count == 0)
            throw new WalCorruptedException(_disk.Location, 0, "there is no segment");
        for (var i = 0; i < files.Count; i++)
        {
            if (i > 0 && files[i].Sequence != files[i - 1].Sequence + 1)
                throw new WalCorruptedException(WalSegment.PathOf(_disk.Location, files[i].Name), 0, $"segment {files[i - 1].Sequence + 1:x16} before it is missing");
            RecoverSegment(files[i], isLast: i == files.Count - 1);
        }
        if (_hardState.Commit > _terms.Last)
            throw new WalCorruptedException(Current.Path, _end, $"index {_hardState.Commit} is committed, but the log ends at {_terms.Last}");
        _writtenHardState = _hardState;
    }

    private List<SegmentFile> ListSegments()
    {
        var files = new List<SegmentFile>();
        foreach (var name in _disk.List())
        {
            if (!IsSegment(name))
                continue;
            if (!WalSegment.TryParseName(name, out var sequence, out var first))
                throw new WalCorruptedException(WalSegment.PathOf(_disk.Location, name), 0, "the name is no segment's");
            files.Add(new SegmentFile(sequence, first, name));
        }
        files.Sort();
        return files;
    }

    /// <summary>
    /// Finishes a reset or a drop that a crash interrupted. Void are the segments before one that begins the log anew, and those before the one that goes
    /// back furthest: all their entries were cut.
    /// </summary>
    private List<SegmentFile> DropVoid(List<SegmentFile> files)
    {
        var begin = files.Count - 1;
        while (begin > 0 && !BeginsNewLog(files[begin]))
            begin--;
        for (var i = begin + 1; i < files.Count; i++)
        {
            if (files[i].First <= files[begin].First)
                begin = i;
        }
        for (var i = 0; i < begin; i++)
        {
            _disk.Delete(files[i].Name);
            _disk.SyncNames();
        }
        return begin > 0 ? files[begin..] : files;
    }

    /// <summary>False also when the head cannot be read: replaying the segment says so.</summary>
    private bool BeginsNewLog(SegmentFile file)
    {
        using var opened = _disk.Open(file.Name);
        Span<byte> bytes = stackalloc byte[WalFormat.RecordBytes(WalMetadata.PayloadBytes)];
        return opened.Read(bytes, 0) == bytes.Length
            && WalRecord.TryRead(file.Sequence, 0, bytes, out var record) == WalRead.Record
            && record.Type == WalRecordType.Metadata
            && WalMetadata.TryDecode(record.PayloadOf(bytes), out var metadata)
            && metadata.IsNewLog;
    }

    private void RecoverSegment(SegmentFile file, bool isLast)
    {
        var segment = new WalSegment(_disk.Location, file.Name, file.Sequence, new LogIndex(file.First.Value - 1), _disk.Open(file.Name));
        _segments.Add(segment);
        var reader = new SegmentReader(segment);
        var group = new RecoveredGroup();
        // The whole head was durable before the file had its name: nothing in it can be a torn tail.
        if (!reader.TryReadGroup(0, group) || group.Metadata is not { } metadata || group.HardState is null)
            throw new WalCorruptedException(segment.Path, 0, "it does not begin with a segment head that this version can read");
        RecoverHead(segment, metadata, group);
        Replay(segment, group);
        long lastGroup = 0;
        var end = group.End;
        while (reader.TryReadGroup(end, group))
        {
            Replay(segment, group);
            lastGroup = end;
            end = group.End;
        }
        CheckEnd(segment, reader, end, isLast);
        if (isLast)
            MakeDurable(segment, lastGroup, end);
    }

    private void RecoverHead(WalSegment segment, in WalMetadata metadata, RecoveredGroup group)
    {
        if (metadata.Before != segment.Before)
            throw new WalCorruptedException(segment.Path, 0, $"it continues after index {metadata.Before}, its name says {segment.Before}");

        if (_segments.Count == 1)
        {
            Cluster = metadata.Cluster;
            Member = metadata.Member;
            Begin(metadata.Before, metadata.TermBefore);
            foreach (var (index, data) in group.HeadConfigurations)
                _configurations.Add(index, data);
        }
        else if (metadata.Cluster != Cluster || metadata.Member != Member)
        {
            throw new WalCorruptedException(
                segment.Path, 0, $"it is of member {metadata.Member} of cluster {metadata.Cluster}, the segment before it of member {Member} of cluster {Cluster}");
        }
        else if (!_terms.TryTermAt(metadata.Before, out var term) || term != metadata.TermBefore)
        {
            throw new WalCorruptedException(
                segment.Path, 0, $"it continues after index {metadata.Before}, but the segments before it end at {_terms.Last}");
        }
        else if (metadata.Before < _terms.Last)
        {
            TruncateFrom(metadata.Before.Next);
        }
    }

    private void Replay(WalSegment segment, RecoveredGroup group)
    {
        _hardState = group.HardState ?? _hardState;
        foreach (var run in group.Runs)
        {
            if (run.First <= segment.Before || run.First > _terms.Last.Next)
                throw new WalCorruptedException(segment.Path, run.Offset, $"entries from index {run.First} follow index {_terms.Last}");
            if (run.First <= _terms.Last)
                TruncateFrom(run.First);
            if (run.Term < _terms.LastTerm)
                throw new WalCorruptedException(segment.Path, run.Offset, $"entries of term {run.Term} follow entries of term {_terms.LastTerm}");
            for (var i = 0; i < run.Count; i++)
                _terms.Append(_terms.Last.Next, run.Term);
            _index.Add(new RecordIndex.Item(run.First, segment, (uint)run.Offset, run.Bytes), _terms.Last);
        }
        foreach (var (index, data) in group.Configurations)
            _configurations.Add(index, data);
    }

    private void CheckEnd(WalSegment segment, SegmentReader reader, long end, bool isLast)
    {
        var contentEnd = reader.EndOfContent(end);
        if (contentEnd == end)
            return;
        if (!isLast)
            throw new WalCorruptedException(segment.Path, end, "a broken record, and a later segment exists");
        if (reader.HasLaterGroup(end, contentEnd))
            throw new WalCorruptedException(segment.Path, end, "a broken record, and a later one was written");
        Torn = new TornTail(segment.Path, end, contentEnd - end);
    }

    /// <summary>
    /// What was read counts from here on, so it must outlast a loss of power. Only the last group can be less than durable: its process may have
    /// ended before the sync, or because the sync failed. After a failed one the kernel takes the pages for clean, hence they are written again.
    /// </summary>
    private void MakeDurable(WalSegment segment, long lastGroup, long end)
    {
        _end = end;
        try
        {
            var bytes = new byte[end - lastGroup];
            var read = 0;
            for (int n; read < bytes.Length && (n = segment.File.Read(bytes.AsSpan(read), lastGroup + read)) > 0;)
                read += n;
            segment.File.Write(bytes.AsSpan(0, read), lastGroup);
            // Zeros again from here on, and as long as it was made, or the next crash could not be told from this one.
            WriteZeros(segment, end, end + Torn.Bytes);
            WriteZeros(segment, Math.Max(segment.Capacity, end), _options.SegmentBytes);
            segment.File.Sync();
            segment.Capacity = segment.File.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WalFailedException(segment.Path, e);
        }
    }

    private static void WriteZeros(WalSegment segment, long from, long to)
    {
        const int stepBytes = 64 * 1024;
        ReadOnlySpan<byte> zeros = from < to ? new byte[Math.Min(stepBytes, to - from)] : default;
        for (var at = from; at < to; at += zeros.Length)
            segment.File.Write(zeros[..(int)Math.Min(zeros.Length, to - at)], at);
    }
}
