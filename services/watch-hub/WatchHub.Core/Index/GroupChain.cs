using Storage.Contracts;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.Index;

/// <summary>The groups of one key and range end: a short list linked through <see cref="WatchGroup.Sibling"/>.</summary>
internal static class GroupChain
{
    public static WatchGroup? Find(WatchGroup? head, GroupShape shape)
    {
        while (head is not null && head.Shape != shape)
            head = head.Sibling;
        return head;
    }

    public static WatchGroup? Remove(WatchGroup? head, WatchGroup group)
    {
        if (head == group)
            return group.Sibling;
        var at = head;
        while (at!.Sibling != group)
            at = at.Sibling;
        at.Sibling = group.Sibling;
        return head;
    }

    public static void Collect(WatchGroup? head, FeedEventKind kind, List<WatchGroup> into)
    {
        for (; head is not null; head = head.Sibling)
            if (head.Wants(kind))
                into.Add(head);
    }
}
