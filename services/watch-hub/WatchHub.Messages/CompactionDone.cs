namespace WatchHub.Messages;

/// <summary>History was compacted.</summary>
public sealed record CompactionDone : StoreMessage
{
    /// <summary>The oldest revision that can be read.</summary>
    public long CompactRevision { get; init; }
}
