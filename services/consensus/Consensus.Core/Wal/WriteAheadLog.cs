using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Raft;

namespace Consensus.Core.Wal;

/// <summary>The stored log: preallocated segment files, appended to with one write and one sync per group.</summary>
/// <remarks>
/// One thread creates or opens, appends and drops; any thread may <see cref="Read"/>. A failed write or sync poisons the object: what the
/// disk holds is unknown then, and only a new process that reads it again may go on.
/// <para>
/// A group holds, whenever it holds an entry, the hard state that was current when the entry was handed over, commit index included (unless an
/// earlier group or the segment's head already holds it). So a member that finds an entry again after a crash also finds again
/// what was committed when it was stored. Membership rests on this: a configuration entry is proposed only once the one before it is committed,
/// so whoever has the later one in its log knows that the earlier is in effect.
/// </para>
/// </remarks>
public sealed partial class WriteAheadLog : IStoredLog, IDisposable
{
    // Kept free by EnsureRoom for what cannot wait: a vote, the empty entry of a term.
    private const long ReservedBytes = 4096;

    private readonly ILogDisk _disk;
    private readonly WalOptions _options;
    private readonly WalEncoder _encoder = new();
    private readonly RecordIndex _index = new();
    private readonly StoredConfigurations _configurations = new();
    private readonly List<WalSegment> _segments = [];

    // Terms of what is stored, the same as the core's once it has advanced.
    private TermRuns _terms = new(default, default);
    private HardState _hardState;
    private HardState _writtenHardState;

    // Where the next group goes in the last segment.
    private long _end;
    private bool _isPoisoned;

    private WriteAheadLog(ILogDisk disk, WalOptions options)
    {
        _disk = disk;
        _options = options;
    }

    /// <summary>Whose log it is.</summary>
    public ClusterId Cluster { get; private set; }

    /// <summary>Which member's.</summary>
    public MemberId Member { get; private set; }

    public LogIndex First => _index.First;
    public LogIndex Last => _terms.Last;

    /// <summary>The hard state as recovered or last given.</summary>
    public HardState HardState => _hardState;

    /// <summary>
    /// Data of the configuration entries that matter, by ascending index: the newest at or before the start of the log, when there is one, and all
    /// those in the log.
    /// </summary>
    public IReadOnlyList<(LogIndex Index, ReadOnlyMemory<byte> Data)> Configurations => _configurations.From(_terms.Before);

    /// <summary>Files of the log, oldest first.</summary>
    public IReadOnlyList<string> SegmentNames => [.. _segments.Select(segment => segment.Name)];

    /// <summary>How many those are.</summary>
    public int SegmentCount => _segments.Count;

    private WalSegment Current => _segments[^1];

    /// <summary>A copy of the terms, for the core to own.</summary>
    public TermRuns CopyTerms() => _terms.Copy();

    /// <summary>Makes sure that a group of this size can be appended.</summary>
    /// <exception cref="WalFullException">There is no space for another segment. Nothing has changed.</exception>
    public void EnsureRoom(long bytes)
    {
        if (_end + bytes + ReservedBytes > Current.Capacity)
            BeginSegment(_terms.Last, _terms.LastTerm, isNewLog: false, [], bytes);
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
    /// <param name="hardState">The hard state from now on; its commit index is at most the last index after this call.</param>
    /// <param name="entries">Entries without gaps, possibly none.</param>
    /// <param name="mustSync">False, possible only without entries: the hard state may be stored with a later group.</param>
    /// <exception cref="WalFailedException">The disk failed; the process must end.</exception>
    /// <exception cref="WalFullException">No space, and <see cref="EnsureRoom"/> was not asked before.</exception>
    public void Append(in HardState hardState, Entry[] entries, bool mustSync)
    {
        Invariant.Holds(mustSync || entries.Length == 0);
        Invariant.Holds(hardState.Commit <= (entries.Length > 0 ? entries[^1].Index : _terms.Last));
        _hardState = hardState;
        if (mustSync)
            WriteGroup(entries);
    }

    private void WriteGroup(Entry[] entries)
    {
        ThrowIfPoisoned();
        var before = entries.Length > 0 ? new LogIndex(entries[0].Index.Value - 1) : _terms.Last;
        // No entry of a segment is at or before its start.
        if (before < Current.Before || _end + WalEncoder.MaxBytes(entries) > Current.Capacity)
        {
            var known = _terms.TryTermAt(before, out var termBefore);
            Invariant.Holds(known);
            BeginSegment(before, termBefore, isNewLog: false, entries, 0);
            return;
        }

        _encoder.Begin(Current.Sequence, _end);
        if (_hardState != _writtenHardState)
            _encoder.Add(_hardState);
        _encoder.Add(entries);
        _encoder.End();
        WriteAndSync(Current, _encoder.Bytes.Span, _end);
        _end += _encoder.Bytes.Length;
        _writtenHardState = _hardState;

        Remember(entries);
        if (_end > Current.Capacity / 2)
            _disk.PrepareSpare(_options.SegmentBytes);
    }

    private void Begin(LogIndex before, Term termBefore)
    {
        _terms = new TermRuns(before, termBefore);
        _index.Start(before);
    }

    private void TruncateFrom(LogIndex from)
    {
        _terms.TruncateFrom(from);
        _index.TruncateFrom(from);
        _configurations.TruncateFrom(from);
    }

    private void Remember(Entry[] entries)
    {
        if (entries.Length == 0)
            return;
        if (entries[0].Index <= _terms.Last)
            TruncateFrom(entries[0].Index);
        foreach (ref readonly var entry in entries.AsSpan())
        {
            _terms.Append(entry.Index, entry.Term);
            if (entry.Kind == EntryKind.Configuration)
                _configurations.Add(entry.Index, entry.Data.ToArray());
        }

        var records = _encoder.EntriesRecords;
        for (var i = 0; i < records.Count; i++)
        {
            var last = i + 1 < records.Count ? new LogIndex(records[i + 1].First.Value - 1) : entries[^1].Index;
            _index.Add(new RecordIndex.Item(records[i].First, Current, (uint)records[i].Offset, records[i].Bytes), last);
        }
    }

    private void WriteAndSync(WalSegment segment, ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty)
            return;
        try
        {
            segment.File.Write(bytes, offset);
            segment.File.Sync();
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
            throw new WalFailedException(_disk.Location, new IOException("an earlier write failed"));
    }

    /// <summary>Stores what may be late, and closes the files. After a failure it only closes them.</summary>
    public void Dispose()
    {
        try
        {
            if (_isPoisoned)
                return;
            if (_hardState != _writtenHardState)
                WriteGroup([]);
            // Last: the write may have begun to prepare one.
            _disk.DiscardSpare();
        }
        finally
        {
            foreach (var segment in _segments)
                segment.Dispose();
        }
    }
}
