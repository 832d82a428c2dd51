using Storage.Contracts;
using Storage.Core.History;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Reads;

/// <summary>
/// Reads v3 history by revision: the recent part from the hot tail, what is older from the tree. Serves the watch feed and the catch-up of watchers.
/// </summary>
public static class HistoryReader
{
    // A call that matches little must end too, and let its caller breathe.
    private const int MaxRevisionsScanned = 10_000;

    /// <summary>
    /// The events of [<paramref name="from"/>, <paramref name="to"/>) in the range, at least one revision if there is one, and about
    /// <paramref name="maxBytes"/> of them.
    /// </summary>
    public static HistoryBatch Read(PublishedState state, KeyRange range, long from, long to, int maxBytes)
    {
        var values = new PreviousValues(state);
        while (true)
        {
            var view = state.Current;
            if (from < view.CompactRevision)
                return new HistoryBatch([], from, view.CompactRevision);
            var reading = new Reading(view, values, range, maxBytes);
            try
            {
                var next = reading.Run(from, Math.Min(to, view.Revision + 1));
                // Previous values below the compacted revision may be gone at any time; whole revisions from it on may not.
                if (view.Floor.Revision <= from)
                    return new HistoryBatch(reading.Found, Math.Max(from, next), 0);
            }
            finally
            {
                reading.Dispose();
            }
        }
    }

    private ref struct Reading(StateView view, PreviousValues values, KeyRange range, int maxBytes)
    {
        private readonly KeyRange _range = range;
        private readonly SlabArena _arena = new();
        private RecordReader _records = RecordReader.ForView(view.Hot, view.Tree);
        private int _bytes;
        private int _scanned;

        public List<RevisionEvents> Found { get; } = [];

        public readonly void Dispose() => _records.Dispose();

        /// <summary>Reads up to <paramref name="to"/> (exclusive) or until it is enough; says where to go on.</summary>
        public long Run(long from, long to)
        {
            var next = from;
            if (next < Math.Min(to, view.Hot.First))
                next = FromTree(next, Math.Min(to, view.Hot.First));
            for (; next < to && next >= view.Hot.First && !IsEnough; next++)
                FromHot(next);
            return next;
        }

        private readonly bool IsEnough => _bytes >= maxBytes || _scanned >= MaxRevisionsScanned;

        private void FromHot(long main)
        {
            ref readonly var hot = ref view.Hot[main];
            _scanned++;
            List<FeedEvent>? events = null;
            for (var sub = 0; sub < hot.Count; sub++)
            {
                var change = hot[sub];
                var key = KeyOf(change);
                if (_range.Contains(key.Span))
                    (events ??= new List<FeedEvent>(hot.Count)).Add(Event(key, change.Message, change.IsTombstone, change.Previous, main));
            }
            Add(main, events, hot.Span);
        }

        private long FromTree(long from, long to)
        {
            Span<byte> buffer = stackalloc byte[RevisionKey.MaxBytes];
            var row = _records.Snapshot.Seek(TableId.Revisions, RevisionKey.Write(buffer, new Revision(from, 0), tombstone: false));
            List<FeedEvent>? events = null;
            var main = from;
            while (row.MoveNext())
            {
                row.ReadRow(out var number, out var stored);
                if (!RevisionKey.TryRead(number, out var at, out var tombstone))
                    throw new InvalidDataException("a key of the revisions table is no revision");
                if (at.Main != main)
                {
                    Add(main, events, null);
                    events = null;
                    if (at.Main >= to)
                        return to;
                    if (IsEnough)
                        return at.Main;
                    main = at.Main;
                    _scanned++;
                }
                if (!KeyValueRecord.TryRead(stored, out var record))
                    throw new InvalidDataException($"revision {at} holds no key-value record");
                if (!_range.Contains(record.Key))
                    continue;
                var message = tombstone ? EventRecord.Tombstone(_arena, record.Key, at.Main, out _) : EventRecord.Put(_arena, stored);
                var isCreation = !tombstone && record.CreateRevision == at.Main;
                var previous = isCreation ? default : Before(record.Key, at.Main);
                (events ??= []).Add(Event(KeyOf(message), message, tombstone, previous, at.Main));
            }
            Add(main, events, null);
            return to;
        }

        private readonly Revision Before(ReadOnlySpan<byte> key, long main) =>
            view.Keys.Find(key).TryFind(main - 1, out var previous, out var tombstone) && !tombstone ? previous : default;

        private FeedEvent Event(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> message, bool tombstone, Revision previous, long main)
        {
            _bytes += message.Length;
            var reference = previous.Main == 0 ? default : new PreviousValue(values, main, previous.Main, previous.Sub);
            return new FeedEvent(key, message, reference, tombstone ? FeedEventKind.Delete : FeedEventKind.Put);
        }

        private readonly void Add(long main, List<FeedEvent>? events, ApplySpan? span)
        {
            // Of the compacted revision itself, compaction keeps each key's last change; whether it was swept yet must not show.
            if (main == view.CompactRevision && events is { Count: > 1 })
                events = events.Where((one, i) => !events.Skip(i + 1).Any(later => later.Key.Span.SequenceEqual(one.Key.Span))).ToList();
            if (events is not null)
                Found.Add(new RevisionEvents(main, events, span?.Context ?? default));
        }

        private static ReadOnlyMemory<byte> KeyOf(in HotChange change) => KeyAt(change.Message, change.Record.Span);

        private static ReadOnlyMemory<byte> KeyOf(ReadOnlyMemory<byte> message) => KeyAt(message, message.Span[EventRecord.RecordStart(message.Span)..]);

        private static ReadOnlyMemory<byte> KeyAt(ReadOnlyMemory<byte> message, ReadOnlySpan<byte> record)
        {
            KeyValueRecord.TryRead(record, out var row);
            Invariant.Holds(message.Span.Overlaps(row.Key, out var offset));
            return message.Slice(offset, row.Key.Length);
        }
    }
}
