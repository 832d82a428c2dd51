using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>Counting without a look at each key.</summary>
public sealed partial class KeyIndex
{
    /// <summary>
    /// Keys of a range that exist at a revision. Below a branch that nothing has changed in since then the count is known; only the rest is walked. For any
    /// thread.
    /// </summary>
    public long CountLive(KeyRange range, long at)
    {
        if (range.IsSingle)
            return Find(range.Key).TryFind(at, out _, out var tombstone) && !tombstone ? 1 : 0;
        return CountLive(Root, range, isFromStart: false, isToEnd: range.IsOpen, at);
    }

    // Parts of the range's bounds are known to lie outside the node: those are not looked at any more.
    private static long CountLive(KeyNode node, KeyRange range, bool isFromStart, bool isToEnd, long at)
    {
        if (node is not KeyBranch branch)
            return CountLive((KeyLeaf)node, range, isFromStart, isToEnd, at);
        var first = isFromStart ? 0 : branch.ChildIndex(range.Key);
        var last = isToEnd ? branch.Count - 1 : branch.ChildIndex(range.End);
        long count = 0;
        for (var i = first; i <= last; i++)
        {
            var (fromStart, toEnd) = (isFromStart || i > first, isToEnd || i < last);
            if (fromStart && toEnd && branch.TryCount(i, at, out var live))
                count += live;
            else
                count += CountLive(branch.Child(i), range, fromStart, toEnd, at);
        }
        return count;
    }

    private static long CountLive(KeyLeaf leaf, KeyRange range, bool isFromStart, bool isToEnd, long at)
    {
        var order = leaf.Order;
        var from = isFromStart ? 0 : Bound(leaf.Search(order, range.Key));
        var to = isToEnd ? order.Length : Bound(leaf.Search(order, range.End));
        long count = 0;
        for (var i = from; i < to; i++)
        {
            if (leaf.Read(order[i]).TryFind(at, out _, out var tombstone) && !tombstone)
                count++;
        }
        return count;
    }

    private static int Bound(int position) => position < 0 ? ~position : position;
}
