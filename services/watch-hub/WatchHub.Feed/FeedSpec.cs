namespace WatchHub.Feed;

/// <summary>One feed of a prefix.</summary>
/// <param name="Name">Lower-case letters, digits and hyphens: part of keys and of the exchange's name.</param>
/// <param name="Prefix">Of keys, in UTF-8; empty: all keys.</param>
public sealed record FeedSpec(string Name, string Prefix);
