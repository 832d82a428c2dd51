namespace WatchHub.Feed.Core.Keys;

/// <summary>Revisions [<paramref name="From"/>, <paramref name="To"/>] whose changes may be missing.</summary>
public readonly record struct MissedRange(long From, long To);
