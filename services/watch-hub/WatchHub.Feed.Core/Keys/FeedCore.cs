namespace WatchHub.Feed.Core.Keys;

/// <summary>
/// One feed of a prefix: what is published next, how far the broker has confirmed everything, and when that is to be noted in the store. Not thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// Three positions, all of them revisions up to which everything is done: read, confirmed, saved. Saved is never above confirmed, so a feed that goes on behind what was saved leaves out
/// nothing; what was confirmed and not yet saved is published again, under the same ids.
/// </para>
/// <para>
/// Order. A feed publishes the changes of a key one after the other: the next when the one before is confirmed, or is a dead letter. A feed that goes on elsewhere begins at or before the
/// end of what its predecessor published, and two that both believe to have the claim publish the same sequence from there: so in a queue the first messages of each revision of a key are
/// in the order of revisions, whatever is repeated in between.
/// </para>
/// </remarks>
public sealed class FeedCore(FeedLimits limits)
{
    private const uint FnvOffset = 2166136261, FnvPrime = 16777619;

    // Of what was read. Bounded by one message of a session: the next is read when it is empty.
    private readonly Queue<KeyChange> _waiting = new();

    // Invariant: _saved <= _confirmed <= _read.
    private long _read;
    private long _confirmed;
    private long _saved;
    private int _unsavedEvents;

    // When something that is worth noting was first confirmed after the last note; null: nothing was.
    private TimeSpan? _unsavedSince;

    /// <summary>Where a watch goes on.</summary>
    public long NextRevision => _read + 1;

    /// <summary>All up to here is confirmed by the broker, or a dead letter.</summary>
    public long Confirmed => _confirmed;

    /// <summary>Begins behind the cursor that the store has.</summary>
    public void Resume(long cursor)
    {
        _waiting.Clear();
        (_read, _confirmed, _saved) = (cursor, cursor, cursor);
        (_unsavedEvents, _unsavedSince) = (0, null);
    }

    /// <summary>A session has delivered these, whole revisions up to <paramref name="lastRevision"/>. What came before must have been taken by <see cref="NextBatch"/>.</summary>
    public void Take(IReadOnlyList<KeyChange> changes, long lastRevision)
    {
        Invariant.Holds(_waiting.Count == 0);
        // Delivered twice: a session that was left delivers until its end.
        foreach (var change in changes)
        {
            if (change.Revision > _read)
                _waiting.Enqueue(change);
        }
        _read = Math.Max(_read, lastRevision);
        if (_waiting.Count == 0)
            _confirmed = _read;
    }

    /// <summary>What to publish now; null: nothing is left of what was read. It must be confirmed before more is asked for.</summary>
    public ChangeBatch? NextBatch()
    {
        if (_waiting.Count == 0)
            return null;
        var lanes = new List<KeyChange>?[limits.Lanes];
        var (count, bytes, last) = (0, 0L, 0L);
        while (count < limits.BatchEvents && _waiting.TryPeek(out var next) && (count == 0 || bytes + next.Bytes <= limits.BatchBytes))
        {
            _waiting.Dequeue();
            (lanes[LaneOf(next.Key.Span)] ??= []).Add(next);
            (count, bytes, last) = (count + 1, bytes + next.Bytes, next.Revision);
        }
        // A revision counts once all its changes do.
        var cursor = _waiting.TryPeek(out var rest) ? Math.Min(last, rest.Revision - 1) : _read;
        return new ChangeBatch([.. lanes.OfType<List<KeyChange>>()], count, cursor);
    }

    /// <summary>The broker has all of it, or the dead-letter queue.</summary>
    public void Confirm(ChangeBatch batch, TimeSpan now)
    {
        _confirmed = Math.Max(_confirmed, batch.Cursor);
        _unsavedEvents += batch.Count;
        if (_confirmed > _saved)
            _unsavedSince ??= now;
    }

    /// <summary>The session has delivered everything up to <paramref name="revision"/>, and there was nothing.</summary>
    /// <param name="revision">How far.</param>
    /// <param name="compactRevision">The oldest revision that can be read, as far as is known.</param>
    /// <param name="now">The time.</param>
    public void Progress(long revision, long compactRevision, TimeSpan now)
    {
        if (_waiting.Count > 0)
            return;
        _read = Math.Max(_read, revision);
        _confirmed = _read;
        if (_confirmed - _saved >= limits.IdleRevisions || (compactRevision > _saved && _confirmed > _saved))
            _unsavedSince ??= now;
    }

    /// <summary>Compaction overtook the feed. What may be missing is to be told, then <see cref="Skip"/>.</summary>
    /// <param name="compactRevision">The oldest revision that can be read.</param>
    public MissedRange Missed(long compactRevision) => new(_read + 1, Math.Max(_read + 1, compactRevision - 1));

    /// <summary>It is told.</summary>
    public void Skip(MissedRange missed, TimeSpan now)
    {
        Invariant.Holds(_waiting.Count == 0);
        _read = Math.Max(_read, missed.To);
        _confirmed = _read;
        _unsavedSince ??= now;
        _unsavedEvents = limits.CursorEvents; // At once.
    }

    /// <summary>When the cursor is to be noted; null: not before something else happens.</summary>
    public TimeSpan? SaveAt =>
        _unsavedSince is not { } since ? null
        : _unsavedEvents >= limits.CursorEvents ? since
        : since + limits.CursorInterval;

    /// <summary>What to note in the store now; null: nothing.</summary>
    public long? CursorDue(TimeSpan now) => SaveAt <= now && _confirmed > _saved ? _confirmed : null;

    /// <summary>What to note before the feed is left to another; null: nothing.</summary>
    public long? CursorAtEnd => _unsavedSince is not null && _confirmed > _saved ? _confirmed : null;

    /// <summary>The store has it.</summary>
    public void Saved(long cursor)
    {
        Invariant.Holds(cursor <= _confirmed);
        _saved = cursor;
        (_unsavedEvents, _unsavedSince) = (0, null);
    }

    /// <summary>The store takes no writes: the cursor is tried again after the interval, and the feed goes on meanwhile. It repeats more if it ends before.</summary>
    public void NotSaved(TimeSpan now) => (_unsavedEvents, _unsavedSince) = (0, now);

    private int LaneOf(ReadOnlySpan<byte> key)
    {
        var hash = FnvOffset;
        foreach (var octet in key)
            hash = (hash ^ octet) * FnvPrime;
        return (int)(hash % (uint)limits.Lanes);
    }
}
