using Consensus.Contracts;
using Consensus.Core.Wal;

namespace Consensus.Host.Wal;

// Beginning, preparing and dropping segments.
public sealed partial class WriteAheadLog
{
    /// <summary>Begins a segment that continues the log after <paramref name="before"/>; what came after it is cut from the log.</summary>
    private void Cut(LogIndex before, long groupBytes)
    {
        ThrowIfPoisoned();
        const long headerBytes = 512;
        var sequence = _segments.Count == 0 ? 1 : Current.Sequence + 1;
        TakeSpare(Math.Max(_options.SegmentBytes, headerBytes + groupBytes + ReservedBytes));

        var known = _terms.TryTermAt(before, out var termBefore);
        Invariant.Holds(known);
        var handle = WalSegment.Open(_sparePath);
        var segment = new WalSegment(
            Path.Combine(_options.Directory, WalSegment.NameOf(sequence, before.Next)), sequence, before, handle);
        try
        {
            // The name comes last: a segment that can be found has a valid head.
            _encoder.Begin(sequence, 0);
            _encoder.Add(new WalMetadata(_options.Cluster, _options.Member, before, termBefore));
            _encoder.Add(_hardState);
            WriteAndSync(segment, _encoder.Bytes.Span, 0);
            MakeVisible(segment);
        }
        catch
        {
            segment.Dispose();
            throw;
        }

        if (before < _terms.Last)
        {
            _terms.TruncateFrom(before.Next);
            _index.TruncateFrom(before.Next);
        }
        _segments.Add(segment);
        _end = _encoder.Bytes.Length;
        _writtenHardState = _hardState;
    }

    private void MakeVisible(WalSegment segment)
    {
        try
        {
            File.Move(_sparePath, segment.Path, overwrite: false);
            Native.DirectorySync(_options.Directory);
        }
        catch (Exception e)
        {
            _isPoisoned = true;
            throw new WalFailedException(segment.Path, e);
        }
    }

    /// <summary>Leaves a preallocated file of at least this size at the spare path.</summary>
    private void TakeSpare(long bytes)
    {
        try
        {
            // Usually long done. This thread has nothing else to do: it cannot write before there is a segment.
            _spare?.GetAwaiter().GetResult();
            if (_spare is null || bytes > _options.SegmentBytes)
            {
                File.Delete(_sparePath);
                _disk.Preallocate(_sparePath, bytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WalFullException(_options.Directory, e);
        }
        finally
        {
            _spare = null;
        }
    }

    /// <summary>Writes the next segment's zeros on another thread before they are needed.</summary>
    private void PrepareSpare()
    {
        if (_spare is null && _end > Current.Capacity / 2)
            _spare = Task.Run(() => _disk.Preallocate(_sparePath, _options.SegmentBytes));
    }

    /// <summary>Drops whole segments whose entries are all at or before <paramref name="limit"/>, oldest first.</summary>
    /// <returns>The first index that is left.</returns>
    public LogIndex DropThrough(LogIndex limit)
    {
        var drop = 0;
        while (drop + 1 < _segments.Count && _segments[drop + 1].Before <= limit)
            drop++;
        if (drop == 0)
            return First;

        // Readers are told first; one that still holds a record of a closed file is told by the handle.
        _terms.DropBefore(_segments[drop].Before.Next);
        _index.DropBefore(_segments[drop].Before.Next);
        foreach (var segment in _segments[..drop])
        {
            File.Delete(segment.Path);
            segment.Dispose();
        }
        _segments.RemoveRange(0, drop);
        Native.DirectorySync(_options.Directory);
        return First;
    }
}
