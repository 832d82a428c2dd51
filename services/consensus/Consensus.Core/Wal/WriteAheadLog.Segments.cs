using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Core.Wal;

// Beginning, preparing and dropping segments.
public sealed partial class WriteAheadLog
{
    /// <summary>Begins a log. Atomic: after a crash either all of it is there, or nothing that <see cref="Exists"/> reports.</summary>
    /// <param name="disk">Holds no log.</param>
    /// <param name="options">As for <see cref="Open"/>.</param>
    /// <param name="cluster">Whose log it is.</param>
    /// <param name="member">Which member's.</param>
    /// <param name="bootstrap">Entries from index 1 on that the log begins with; none for a member that joins.</param>
    /// <param name="hardState">What a restart finds; may say that the bootstrap entries are committed.</param>
    /// <exception cref="WalFullException">No space for the first segment.</exception>
    /// <exception cref="WalFailedException">The disk failed.</exception>
    public static WriteAheadLog Create(
        ILogDisk disk, WalOptions options, ClusterId cluster, MemberId member, Entry[] bootstrap, in HardState hardState)
    {
        Invariant.Holds(!Exists(disk));
        var log = new WriteAheadLog(disk, options) { Cluster = cluster, Member = member };
        try
        {
            disk.DiscardSpare();
            log._hardState = hardState;
            log.BeginSegment(default, default, isNewLog: true, bootstrap, 0);
            return log;
        }
        catch
        {
            log._isPoisoned = true;
            log.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Begins the log anew after <paramref name="before"/>, where a leader's state begins that this log cannot be brought up to entry by entry.
    /// Nothing that was in it remains. After a crash it is either the old log or the new one.
    /// </summary>
    /// <param name="before">The log continues after this index, of which everything is committed.</param>
    /// <param name="termBefore">Its term.</param>
    /// <param name="configurationIndex">Index, at most <paramref name="before"/>, of the configuration entry in effect there.</param>
    /// <param name="configuration">Its data.</param>
    /// <param name="hardState">From now on. Its commit index may speak of entries that are appended next: until then it counts as <paramref name="before"/>.</param>
    /// <exception cref="WalFullException">No space for another segment; nothing has changed.</exception>
    /// <exception cref="WalFailedException">The disk failed; the process must end.</exception>
    public void Reset(LogIndex before, Term termBefore, LogIndex configurationIndex, ReadOnlyMemory<byte> configuration, in HardState hardState)
    {
        Invariant.Holds(configurationIndex <= before && hardState.Commit >= before);
        ThrowIfPoisoned();
        var file = TakeSpare(HeadBytes(WalConfiguration.PayloadBytes(configuration)));

        _hardState = hardState with { Commit = before };
        _configurations.Clear();
        _configurations.Add(configurationIndex, configuration.ToArray());
        BeginSegment(file, before, termBefore, isNewLog: true, []);
        Begin(before, termBefore);
        DropOldest(_segments.Count - 1);
    }

    /// <summary>Drops whole segments whose entries are all at or before <paramref name="limit"/>, oldest first.</summary>
    /// <returns>The first index that is left.</returns>
    /// <exception cref="WalFailedException">The disk failed; the process must end.</exception>
    public LogIndex DropThrough(LogIndex limit)
    {
        // The last one that begins so early: after a cut a segment may go back behind the start of those before it.
        var drop = _segments.Count - 1;
        while (drop > 0 && _segments[drop].Before > limit)
            drop--;
        if (drop == 0)
            return First;

        ThrowIfPoisoned();
        // Readers are told first; one that still holds a record of a closed file is told by the handle.
        var before = _segments[drop].Before;
        _terms.DropBefore(before.Next);
        _index.DropBefore(before.Next);
        _configurations.DropThrough(before);
        DropOldest(drop);
        return First;
    }

    /// <summary>
    /// Begins a segment that continues the log after <paramref name="before"/> with <paramref name="entries"/>, which are in its head: what they replace, and the
    /// hard state that may speak of them, change hands with them at once.
    /// </summary>
    private void BeginSegment(LogIndex before, Term termBefore, bool isNewLog, Entry[] entries, long groupBytes)
    {
        ThrowIfPoisoned();
        // First: when there is no space, nothing has changed.
        long configurationBytes = 0;
        foreach (var (_, data) in _configurations.ForHead(before))
            configurationBytes += WalFormat.RecordBytes(WalConfiguration.PayloadBytes(data));
        var file = TakeSpare(HeadBytes(configurationBytes) + WalEncoder.MaxBytes(entries) + groupBytes);
        BeginSegment(file, before, termBefore, isNewLog, entries);
    }

    /// <summary>Writes the head of a segment, and entries that belong to it, into the spare, then gives it its name.</summary>
    private void BeginSegment(ILogFile file, LogIndex before, Term termBefore, bool isNewLog, Entry[] entries)
    {
        var sequence = _segments.Count == 0 ? 1 : Current.Sequence + 1;
        var segment = new WalSegment(_disk.Location, WalSegment.NameOf(sequence, before.Next), sequence, before, file);
        try
        {
            // The name comes last: a segment that can be found has a valid head.
            _encoder.Begin(sequence, 0);
            _encoder.Add(new WalMetadata(Cluster, Member, before, termBefore, isNewLog));
            foreach (var (index, data) in _configurations.ForHead(before))
                _encoder.Add(index, data);
            _encoder.Add(_hardState);
            _encoder.Add(entries);
            _encoder.End();
            WriteAndSync(segment, _encoder.Bytes.Span, 0);
            MakeVisible(segment);
        }
        catch
        {
            segment.Dispose();
            throw;
        }
        _segments.Add(segment);
        _end = _encoder.Bytes.Length;
        _writtenHardState = _hardState;
        Remember(entries);
    }

    private void MakeVisible(WalSegment segment)
    {
        try
        {
            _disk.Rename(ILogDisk.SpareName, segment.Name);
            _disk.SyncNames();
        }
        catch (Exception e)
        {
            _isPoisoned = true;
            throw new WalFailedException(segment.Path, e);
        }
    }

    private static long HeadBytes(long configurationBytes) => 512 + configurationBytes;

    /// <summary>Opens a preallocated file that holds at least <paramref name="bytes"/> and what is kept in reserve.</summary>
    private ILogFile TakeSpare(long bytes)
    {
        try
        {
            // Usually long made. The caller has nothing else to do: it cannot write before there is a segment.
            return _disk.TakeSpare(Math.Max(_options.SegmentBytes, bytes + ReservedBytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WalFullException(_disk.Location, e);
        }
    }

    /// <summary>Deletes the oldest segments one by one, so that a crash never leaves a gap between those that remain.</summary>
    private void DropOldest(int count)
    {
        for (; count > 0; count--)
        {
            // Closed first: from here on readers are told by the handle, and not by what a deleted file looks like.
            var segment = _segments[0];
            segment.Dispose();
            try
            {
                _disk.Delete(segment.Name);
                _disk.SyncNames();
            }
            catch (Exception e)
            {
                _isPoisoned = true;
                throw new WalFailedException(segment.Path, e);
            }
            _segments.RemoveAt(0);
        }
    }
}
