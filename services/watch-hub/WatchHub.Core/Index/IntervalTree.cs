using Storage.Contracts;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.Index;

/// <summary>
/// Half-open key intervals [start, end), each with the groups that watch it. A treap ordered by (start, end) in which every node knows the
/// greatest end below it, so that the k intervals around a key are found in O(log n + k).
/// </summary>
internal sealed class IntervalTree
{
    private Node? _root;
    private ulong _inserted;

    /// <summary>The groups of exactly this interval; null when it is not in the tree.</summary>
    public WatchGroup? Find(ReadOnlySpan<byte> start, ReadOnlySpan<byte> rangeEnd) => FindNode(start, rangeEnd)?.Head;

    /// <summary>Puts a group in front of its siblings.</summary>
    public void Add(WatchGroup group)
    {
        var node = FindNode(group.Key, group.RangeEnd);
        if (node is null)
        {
            node = new Node(group.Key, group.RangeEnd, Priority(++_inserted));
            _root = Insert(_root, node);
        }
        group.Sibling = node.Head;
        node.Head = group;
    }

    /// <summary>Takes a group out, and its interval with the last one.</summary>
    public void Remove(WatchGroup group)
    {
        var node = FindNode(group.Key, group.RangeEnd);
        Invariant.Holds(node is not null);
        node.Head = GroupChain.Remove(node.Head, group);
        if (node.Head is null)
            _root = Delete(_root, node);
    }

    /// <summary>Adds the groups whose interval holds the key.</summary>
    public void Stab(ReadOnlySpan<byte> key, FeedEventKind kind, List<WatchGroup> into) => Stab(_root, key, kind, into);

    private static void Stab(Node? node, ReadOnlySpan<byte> key, FeedEventKind kind, List<WatchGroup> into)
    {
        while (node is not null && IsBelow(key, node.MaxEnd))
        {
            Stab(node.Left, key, kind, into);
            if (key.SequenceCompareTo(node.Start) < 0)
                return;
            if (IsBelow(key, node.End))
                GroupChain.Collect(node.Head, kind, into);
            node = node.Right;
        }
    }

    private Node? FindNode(ReadOnlySpan<byte> start, ReadOnlySpan<byte> rangeEnd)
    {
        var node = _root;
        while (node is not null)
        {
            var order = Order(start, rangeEnd, node);
            if (order == 0)
                return node;
            node = order < 0 ? node.Left : node.Right;
        }
        return null;
    }

    private static Node Insert(Node? root, Node node)
    {
        if (root is null)
            return node;
        if (Order(node.Start, node.End, root) < 0)
        {
            root.Left = Insert(root.Left, node);
            return root.Left.Priority > root.Priority ? RotateRight(root) : root.Refresh();
        }
        root.Right = Insert(root.Right, node);
        return root.Right.Priority > root.Priority ? RotateLeft(root) : root.Refresh();
    }

    private static Node? Delete(Node? root, Node node)
    {
        Invariant.Holds(root is not null);
        if (root == node)
            return Merge(root.Left, root.Right);
        if (Order(node.Start, node.End, root) < 0)
            root.Left = Delete(root.Left, node);
        else
            root.Right = Delete(root.Right, node);
        return root.Refresh();
    }

    private static Node? Merge(Node? left, Node? right)
    {
        if (left is null || right is null)
            return left ?? right;
        if (left.Priority > right.Priority)
        {
            left.Right = Merge(left.Right, right);
            return left.Refresh();
        }
        right.Left = Merge(left, right.Left);
        return right.Refresh();
    }

    private static Node RotateRight(Node root)
    {
        var top = root.Left!;
        root.Left = top.Right;
        top.Right = root.Refresh();
        return top.Refresh();
    }

    private static Node RotateLeft(Node root)
    {
        var top = root.Right!;
        root.Right = top.Left;
        top.Left = root.Refresh();
        return top.Refresh();
    }

    private static int Order(ReadOnlySpan<byte> start, ReadOnlySpan<byte> rangeEnd, Node node)
    {
        var byStart = start.SequenceCompareTo(node.Start);
        return byStart != 0 ? byStart : rangeEnd.SequenceCompareTo(node.End);
    }

    // "\0" as a range end means that there is none: nothing else could lie below it but the empty key, which does not exist.
    private static bool IsUnbounded(ReadOnlySpan<byte> end) => end is [0];

    private static bool IsBelow(ReadOnlySpan<byte> key, ReadOnlySpan<byte> end) =>
        IsUnbounded(end) || key.SequenceCompareTo(end) < 0;

    // SplitMix64 of the insertion count: as good as random for the balance, and the same on every replay.
    private static ulong Priority(ulong count)
    {
        var z = count * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private sealed class Node(byte[] start, byte[] end, ulong priority)
    {
        public readonly byte[] Start = start;
        public readonly byte[] End = end;
        public readonly ulong Priority = priority;
        public byte[] MaxEnd = end;
        public Node? Left;
        public Node? Right;
        public WatchGroup? Head;

        /// <summary>Recomputes what depends on the children.</summary>
        public Node Refresh()
        {
            MaxEnd = Later(End, Later(Left?.MaxEnd, Right?.MaxEnd))!;
            return this;
        }

        private static byte[]? Later(byte[]? one, byte[]? other)
        {
            if (one is null || other is null)
                return one ?? other;
            if (IsUnbounded(one) || IsUnbounded(other))
                return IsUnbounded(one) ? one : other;
            return one.AsSpan().SequenceCompareTo(other) >= 0 ? one : other;
        }
    }
}
