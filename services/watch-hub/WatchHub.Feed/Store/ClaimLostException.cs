#pragma warning disable CA1032 // Thrown in one place with one message.
namespace WatchHub.Feed.Store;

/// <summary>Another process runs the feed, or may.</summary>
internal sealed class ClaimLostException() : Exception("the claim on the feed is lost");
