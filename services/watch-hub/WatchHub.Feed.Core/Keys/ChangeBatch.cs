namespace WatchHub.Feed.Core.Keys;

/// <summary>Changes to be published before the next batch is.</summary>
/// <param name="Lanes">Not empty, none of them; the changes of a lane go one after the other, lanes side by side.</param>
/// <param name="Count">Of all changes.</param>
/// <param name="Cursor">Once all are confirmed, so is every revision up to this one.</param>
public sealed record ChangeBatch(IReadOnlyList<IReadOnlyList<KeyChange>> Lanes, int Count, long Cursor);
