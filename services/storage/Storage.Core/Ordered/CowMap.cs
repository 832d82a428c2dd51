namespace Storage.Core.Ordered;

/// <summary>
/// An ordered map from byte strings to objects: a copy-on-write B+tree in memory. One owner changes it; any thread reads
/// the <see cref="CowMapView{TValue}"/> that <see cref="Freeze"/> returned.
/// </summary>
/// <remarks>
/// A node carries the number of the edit that made it. The current edit changes its own nodes in place and copies all
/// others on the way down, so a batch of changes copies each touched node once. <see cref="Freeze"/> ends the edit: from then on
/// its nodes are never changed again.
/// </remarks>
public sealed class CowMap<TValue> where TValue : class
{
    private CowNode<TValue>? _root;
    private long _edit = 1;

    /// <summary>Number of keys.</summary>
    public int Count { get; private set; }

    /// <summary>The map as it is now, for ever. O(1).</summary>
    public CowMapView<TValue> Freeze()
    {
        _edit++;
        return new CowMapView<TValue>(_root, Count);
    }

    /// <summary>The map as it is now, for the owner, valid until its next change.</summary>
    public CowMapView<TValue> Peek() => new(_root, Count);

    /// <summary>Reads a value; null when the key is absent.</summary>
    public TValue? Find(ReadOnlySpan<byte> key) => Peek().Find(key);

    /// <summary>Inserts or replaces. The key array is kept and must not change.</summary>
    public void Set(byte[] key, TValue value)
    {
        _root ??= CowNode<TValue>.Leaf(_edit);
        _root = Own(_root);
        var added = false;
        if (Insert(_root, key, value, ref added) is { } right)
        {
            var root = CowNode<TValue>.Branch(_edit);
            root.Children![0] = _root;
            root.Children[1] = right;
            root.Keys[1] = right.LowestKey;
            root.Count = 2;
            _root = root;
        }
        if (added)
            Count++;
    }

    /// <summary>Removes a key; false when it was absent.</summary>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        if (_root is null || Find(key) is null)
            return false;
        _root = Own(_root);
        RemoveFrom(_root, key);
        Count--;
        while (_root is { Children: { } children, Count: 1 })
            _root = children[0];
        if (_root is { Count: 0 })
            _root = null;
        return true;
    }

    private CowNode<TValue> Own(CowNode<TValue> node) => node.Edit == _edit ? node : node.Copy(_edit);

    // Returns the new right neighbour when the node was split. The node is owned by the current edit.
    private CowNode<TValue>? Insert(CowNode<TValue> node, byte[] key, TValue value, ref bool added)
    {
        if (node.Children is not { } children)
        {
            var position = node.Search(key);
            if (position >= 0)
            {
                node.Values![position] = value;
                return null;
            }
            added = true;
            position = ~position;
            var rightLeaf = node.IsFull ? node.Split(_edit, position) : null;
            if (rightLeaf is not null && position >= node.Count && (position > node.Count || rightLeaf.Count == 0))
                rightLeaf.InsertLeafEntry(position - node.Count, key, value);
            else
                node.InsertLeafEntry(position, key, value);
            return rightLeaf;
        }

        var index = node.ChildIndex(key);
        var child = children[index] = Own(children[index]!);
        if (Insert(child, key, value, ref added) is not { } right)
            return null;
        index++;
        var rightBranch = node.IsFull ? node.Split(_edit, index) : null;
        if (rightBranch is not null && index >= node.Count && (index > node.Count || rightBranch.Count == 0))
            rightBranch.InsertChild(index - node.Count, right);
        else
            node.InsertChild(index, right);
        return rightBranch;
    }

    private void RemoveFrom(CowNode<TValue> node, ReadOnlySpan<byte> key)
    {
        if (node.Children is not { } children)
        {
            node.RemoveAt(node.Search(key));
            return;
        }
        var index = node.ChildIndex(key);
        var child = children[index] = Own(children[index]!);
        RemoveFrom(child, key);
        if (child.Count == 0)
            node.RemoveAt(index);
        else if (child.Count < CowNode<TValue>.Capacity / 4)
            MergeWithNeighbour(node, index);
    }

    // Neighbours that fit together with room to spare become one node, so that a shrinking map gives its memory back.
    private void MergeWithNeighbour(CowNode<TValue> parent, int index)
    {
        var left = index > 0 ? index - 1 : index;
        if (left + 1 >= parent.Count)
            return;
        var (first, second) = (parent.Children![left]!, parent.Children[left + 1]!);
        if (first.Count + second.Count > CowNode<TValue>.Capacity * 3 / 4)
            return;
        first = parent.Children[left] = Own(first);
        first.Append(second, parent.Keys[left + 1]!);
        parent.RemoveAt(left + 1);
    }
}
