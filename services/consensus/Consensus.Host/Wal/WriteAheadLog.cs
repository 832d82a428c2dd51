using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Raft;
using Consensus.Core.Wal;

namespace Consensus.Host.Wal;

/// <summary>The log on disk: preallocated segment files, appended to with one write and one fdatasync per group.</summary>
/// <remarks>
/// One thread opens, appends and drops; any thread may <see cref="Read"/>. A failed write or sync poisons the object: what the
/// disk holds is unknown then, and only a new process that reads it again may go on.
/// </remarks>
public sealed partial class WriteAheadLog : IStoredLog, IDisposable
{
    // Kept free by EnsureRoom for what cannot wait: a vote, the empty entry of a term.
    private const long ReservedBytes = 4096;

    private readonly WalOptions _options;
    private readonly WalDisk _disk;
    private readonly WalEncoder _encoder = new();
    private readonly RecordIndex _index = new();
    private readonly List<WalSegment> _segments = [];
    private readonly string _sparePath;

    // Terms of what is stored, the same as the core's once it has advanced.
    private TermRuns _terms = new(default, default);
    private HardState _hardState;
    private HardState _writtenHardState;

    // Where the next group goes in the last segment.
    private long _end;
    private Task? _spare;
    private bool _isPoisoned;

    private WriteAheadLog(WalOptions options, WalDisk disk)
    {
        _options = options;
        _disk = disk;
        _sparePath = Path.Combine(options.Directory, "spare.tmp");
    }

    public LogIndex First => _index.First;
    public LogIndex Last => _terms.Last;

    /// <summary>The hard state as recovered or last given.</summary>
    public HardState HardState => _hardState;

    /// <summary>Files of the log, oldest first.</summary>
    public IReadOnlyList<string> SegmentPaths => [.. _segments.Select(segment => segment.Path)];

    private WalSegment Current => _segments[^1];

    /// <summary>A copy of the terms, for the core to own.</summary>
    public TermRuns CopyTerms() => _terms.Copy();

    /// <summary>Makes sure that a group of this size can be appended.</summary>
    /// <exception cref="WalFullException">There is no space for another segment. Nothing has changed.</exception>
    public void EnsureRoom(long bytes)
    {
        if (_end + bytes + ReservedBytes > Current.Capacity)
            Cut(_terms.Last, bytes);
    }

    /// <summary>An upper bound of what a batch of commands takes on disk.</summary>
    public static long MaxGroupBytes(int commands, long commandBytes)
    {
        const int perEntry = 5;
        const int perRecord = 48;
        // Two records in a row hold more than the target size together.
        var payload = commandBytes + perEntry * (long)commands;
        return payload + perRecord * (2 * payload / WalFormat.TargetRecordBytes + 4);
    }

    /// <summary>Stores a hard state and entries, which replace the stored suffix from their first index on.</summary>
    /// <param name="hardState">The hard state from now on.</param>
    /// <param name="entries">Entries without gaps, possibly none.</param>
    /// <param name="mustSync">False: the hard state may be stored with a later group.</param>
    /// <exception cref="WalFailedException">The disk failed; the process must end.</exception>
    /// <exception cref="WalFullException">No space, and <see cref="EnsureRoom"/> was not asked before.</exception>
    public void Append(in HardState hardState, Entry[] entries, bool mustSync)
    {
        _hardState = hardState;
        if (mustSync)
            WriteGroup(entries);
    }

    private void WriteGroup(Entry[] entries)
    {
        ThrowIfPoisoned();
        var maxBytes = WalEncoder.MaxBytes(entries);
        if (entries.Length > 0 && entries[0].Index <= Current.Before)
            Cut(new LogIndex(entries[0].Index.Value - 1), maxBytes);
        else if (_end + maxBytes > Current.Capacity)
            Cut(_terms.Last, maxBytes);

        _encoder.Begin(Current.Sequence, _end);
        if (_hardState != _writtenHardState)
            _encoder.Add(_hardState);
        _encoder.Add(entries);
        WriteAndSync(Current, _encoder.Bytes.Span, _end);
        _end += _encoder.Bytes.Length;
        _writtenHardState = _hardState;

        Remember(entries);
        PrepareSpare();
    }

    private void Remember(Entry[] entries)
    {
        if (entries.Length == 0)
            return;
        if (entries[0].Index <= _terms.Last)
            _terms.TruncateFrom(entries[0].Index);
        foreach (ref readonly var entry in entries.AsSpan())
            _terms.Append(entry.Index, entry.Term);

        var records = _encoder.EntriesRecords;
        for (var i = 0; i < records.Count; i++)
        {
            var last = i + 1 < records.Count ? new LogIndex(records[i + 1].First.Value - 1) : entries[^1].Index;
            _index.Add(new RecordIndex.Item(records[i].First, Current, (uint)records[i].Offset, records[i].Bytes), last);
        }
    }

    private void WriteAndSync(WalSegment segment, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            _disk.Write(segment.Handle, bytes, offset);
            _disk.Sync(segment.Handle);
        }
        catch (Exception e)
        {
            _isPoisoned = true;
            throw new WalFailedException(segment.Path, e);
        }
    }

    private void ThrowIfPoisoned()
    {
        if (_isPoisoned)
            throw new WalFailedException(Current.Path, new IOException("an earlier write failed"));
    }

    /// <summary>Stores what may be late, and closes the files.</summary>
    public void Dispose()
    {
        try
        {
            // A spare that could not be made was reported when it was needed, if ever; here only its end matters.
            _spare?.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
            File.Delete(_sparePath);
            if (!_isPoisoned && _segments.Count > 0 && _hardState != _writtenHardState)
                WriteGroup([]);
        }
        finally
        {
            foreach (var segment in _segments)
                segment.Dispose();
        }
    }
}
