using Storage.Contracts;

namespace WatchHub.Core.Watchers;

/// <summary>
/// Watches that match exactly the same events and want them encoded the same way. The index finds groups, not watches, so a
/// revision is matched and encoded once however many watch the same thing.
/// </summary>
internal sealed class WatchGroup(byte[] key, byte[] rangeEnd, GroupShape shape)
{
    private WatcherArray _synced;

    public readonly byte[] Key = key;
    public readonly byte[] RangeEnd = rangeEnd;
    public readonly GroupShape Shape = shape;

    // Groups of the same key and range end in other shapes.
    public WatchGroup? Sibling;

    // Watchers in any set; the index drops the group when none is left.
    public int Watchers;

    // Which entry of the fan-out under way belongs to this group, if that entry names this group.
    public int MatchSlot;

    public ref WatcherArray Synced => ref _synced;

    public bool Wants(FeedEventKind kind) =>
        (kind & FeedEventKind.Silent) == 0
        && (Shape & ((kind & FeedEventKind.Delete) != 0 ? GroupShape.NoDelete : GroupShape.NoPut)) == 0;
}
