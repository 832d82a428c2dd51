namespace WatchHub.Feed.Core.Keys;

/// <summary>Bounds of a feed.</summary>
public sealed record FeedLimits
{
    /// <summary>Messages that the broker has not confirmed, at most.</summary>
    public int BatchEvents { get; init; } = 256;

    /// <summary>The same in bytes of keys and values; one message may be larger by itself.</summary>
    public long BatchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Messages under way at the same time, each of another lane: a key's changes share a lane, and go one after the other.</summary>
    public int Lanes { get; init; } = 16;

    /// <summary>The cursor in the store is behind what the broker has confirmed by this many messages at most, and a batch.</summary>
    public int CursorEvents { get; init; } = 1000;

    /// <summary>And by so much time at most, unless the store takes no writes.</summary>
    public TimeSpan CursorInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// While nothing below the prefix changes, the cursor moves on this many revisions at a time, and after a compaction. Each move is a revision itself: with fewer, feeds would keep each
    /// other moving.
    /// </summary>
    public long IdleRevisions { get; init; } = 1000;
}
