using System.Runtime.InteropServices;

namespace Storage.Core.Keys;

/// <summary>Growing, splitting and joining nodes.</summary>
public sealed partial class KeyIndex
{
    /// <summary>Makes another leaf, or two, of one that has no room for a key; the key goes in on the next try, or the one after.</summary>
    private void MakeRoom(KeyLeaf leaf, int position, ReadOnlySpan<byte> key)
    {
        var keys = leaf.Order.Length;
        var isRoomEnough = keys == 0 || (keys < KeyLeaf.MaxKeys && leaf.KeyBytes + (long)key.Length <= KeyLeaf.MaxHeapBytes);
        if (isRoomEnough && keys > 0 && key.StartsWith(leaf.Prefix))
        {
            ReplaceLeaf(leaf.Grow(Slack(keys), key.Length));
            return;
        }
        _entries.Clear();
        leaf.AddTo(_entries, 0, keys);
        var entries = CollectionsMarshal.AsSpan(_entries);
        if (isRoomEnough)
        {
            ReplaceLeaf(Grown(entries, key));
            return;
        }

        // Keys that come in order leave full leaves behind; a long one gets between the others.
        var cut = position == entries.Length || key.Length > KeyLeaf.MaxHeapBytes / 2 ? position : entries.Length / 2;
        var left = cut == entries.Length ? leaf : KeyLeaf.Build(entries[..cut], Slack(cut), int.MaxValue, 0);
        var right = cut == entries.Length ? Next(leaf, key) : KeyLeaf.Build(entries[cut..], Slack(entries.Length - cut), int.MaxValue, 0);
        // Between what the left one may hold and what the right one does.
        var separator = cut == entries.Length ? LeafEntry.Separator(entries[^1], ToEntry(key))
            : cut == position ? LeafEntry.Separator(ToEntry(key), entries[cut])
            : LeafEntry.Separator(entries[cut - 1], entries[cut]);
        _nodes.Clear();
        _nodes.Add(left.Describe(SeparatorOfLeaf()));
        _nodes.Add(right.Describe(separator));
        ReplaceChildren(_depth - 1, 1, _nodes);
    }

    private static KeyLeaf Grown(ReadOnlySpan<LeafEntry> entries, ReadOnlySpan<byte> key)
    {
        var other = ToEntry(key);
        var maxPrefix = entries.Length == 0 ? 0 : LeafEntry.CommonPrefix(entries[0], other);
        return KeyLeaf.Build(entries, key.Length > KeyLeaf.MaxHeapBytes / 2 ? 1 : Slack(entries.Length), maxPrefix, key.Length);
    }

    /// <summary>The leaf behind one that is full, for a key above all of it. The last one of the index gets room for many: more will come.</summary>
    private KeyLeaf Next(KeyLeaf leaf, ReadOnlySpan<byte> key)
    {
        var prefixBytes = leaf.Prefix.CommonPrefixLength(key);
        var isLast = true;
        for (var i = 0; i < _depth; i++)
            isLast &= _children[i] == _path[i].Count - 1;
        var capacity = isLast && key.Length <= KeyLeaf.MaxHeapBytes / KeyLeaf.MaxKeys ? KeyLeaf.MaxKeys : 1;
        return capacity == 1 ? new KeyLeaf([], 1, key.Length) : new KeyLeaf(leaf.Prefix[..prefixBytes], capacity, capacity * (key.Length - prefixBytes));
    }

    private static int Slack(int keys) => Math.Min(Math.Max(keys / 4, 4), Math.Max(1, KeyLeaf.MaxKeys - keys));

    private byte[] SeparatorOfLeaf() => _depth == 0 ? [] : _path[_depth - 1].Separator(_children[_depth - 1]);

    private void ReplaceLeaf(KeyLeaf leaf)
    {
        if (_depth == 0)
            Volatile.Write(ref _root, leaf);
        else
            _path[_depth - 1].Exchange(_children[_depth - 1], leaf);
    }

    /// <summary>Puts nodes in the place of some children, from the one on the path on, of the branch at a depth of the path (-1: of the root itself).</summary>
    private void ReplaceChildren(int depth, int replaced, List<KeyChild> nodes)
    {
        if (depth < 0)
        {
            while (nodes.Count > 1)
                nodes = ToBranches(nodes);
            // A branch with one child is a level for nothing.
            var root = nodes.Count == 0 ? new KeyLeaf([], 0, 0) : nodes[0].Node;
            while (root is KeyBranch { Count: 1 } lonely)
                root = lonely.Child(0);
            Volatile.Write(ref _root, root);
            return;
        }
        var (branch, child) = (_path[depth], _children[depth]);
        if (replaced == 1 && nodes.Count == 1)
        {
            branch.Exchange(child, nodes[0].Node);
            return;
        }
        List<KeyChild> all = new(branch.Count + nodes.Count);
        branch.AddTo(all, 0, child);
        all.AddRange(nodes);
        branch.AddTo(all, child + replaced, branch.Count);
        // The keys that the parent sends here stay the same, whichever child is the first now.
        if (all.Count > 0)
            all[0] = all[0] with { Separator = branch.Separator(0) };
        var isSmall = all.Count < KeyBranch.SmallChildren && nodes.Count < replaced;
        var branches = all.Count == 0 ? [] : ToBranches(all);
        var replacedBranches = isSmall && depth > 0 ? JoinWithNeighbour(depth - 1, all, ref branches) : 1;
        ReplaceChildren(depth - 1, replacedBranches, branches);
    }

    // The small branch and a neighbour become one, when they fit with room to spare. The path then leads to the first of the two.
    private int JoinWithNeighbour(int depth, List<KeyChild> small, ref List<KeyChild> branches)
    {
        var (parent, child) = (_path[depth], _children[depth]);
        var left = child > 0 ? child - 1 : child;
        if (left + 1 >= parent.Count || small.Count == 0)
            return 1;
        var neighbour = (KeyBranch)parent.Child(left == child ? child + 1 : left);
        if (neighbour.Count + small.Count > KeyBranch.MaxChildren * 3 / 4)
            return 1;
        List<KeyChild> joined = [];
        if (left == child)
        {
            joined.AddRange(small);
            neighbour.AddTo(joined, 0, neighbour.Count);
            // Its first child's separator was not used there.
            joined[small.Count] = joined[small.Count] with { Separator = parent.Separator(left + 1) };
        }
        else
        {
            neighbour.AddTo(joined, 0, neighbour.Count);
            joined.AddRange(small);
            joined[neighbour.Count] = joined[neighbour.Count] with { Separator = parent.Separator(left + 1) };
        }
        joined[0] = joined[0] with { Separator = parent.Separator(left) };
        _children[depth] = left;
        branches = ToBranches(joined);
        return 2;
    }

    // As few branches as hold them, filled alike.
    private static List<KeyChild> ToBranches(List<KeyChild> nodes)
    {
        var count = (nodes.Count + KeyBranch.MaxChildren - 1) / KeyBranch.MaxChildren;
        List<KeyChild> branches = new(count);
        var all = CollectionsMarshal.AsSpan(nodes);
        for (var i = 0; i < count; i++)
        {
            var (from, to) = ((int)((long)nodes.Count * i / count), (int)((long)nodes.Count * (i + 1) / count));
            branches.Add(new KeyBranch(all[from..to]).Describe());
        }
        return branches;
    }

    private static LeafEntry ToEntry(ReadOnlySpan<byte> key) => new(ArraySegment<byte>.Empty, key.ToArray(), default, 0, null);
}
