namespace Storage.Core.Ordered;

/// <summary>
/// A node of a <see cref="CowMap{TValue}"/>. A leaf has <see cref="Values"/>, a branch has <see cref="Children"/>;
/// <c>Keys[i]</c> of a branch is the lowest key below <c>Children[i]</c> (that of child 0 is not used).
/// </summary>
internal sealed class CowNode<TValue> where TValue : class
{
    // 64 entries: three levels reach 262,144 keys, four 16 million, and copying a node moves about 1 KiB.
    public const int Capacity = 64;

    private CowNode(long edit, bool leaf)
    {
        Edit = edit;
        Keys = new byte[Capacity][];
        if (leaf)
            Values = new TValue[Capacity];
        else
            Children = new CowNode<TValue>[Capacity];
    }

    /// <summary>The edit that may change this node in place.</summary>
    public long Edit { get; }
    public int Count { get; set; }
    public byte[]?[] Keys { get; }
    public TValue?[]? Values { get; }
    public CowNode<TValue>?[]? Children { get; }

    public bool IsFull => Count == Capacity;

    /// <summary>Lowest key of a leaf, or the lowest key that a right-hand branch was split at.</summary>
    public byte[] LowestKey => Keys[0]!;

    public static CowNode<TValue> Leaf(long edit) => new(edit, leaf: true);

    public static CowNode<TValue> Branch(long edit) => new(edit, leaf: false);

    public CowNode<TValue> Copy(long edit)
    {
        var copy = new CowNode<TValue>(edit, Values is not null) { Count = Count };
        CopyRange(copy, 0, 0, Count);
        return copy;
    }

    /// <summary>Position of the key, or the complement of where it belongs.</summary>
    public int Search(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Keys[middle].AsSpan().SequenceCompareTo(key);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    /// <summary>The child below which the key belongs.</summary>
    public int ChildIndex(ReadOnlySpan<byte> key)
    {
        var (low, high) = (1, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (Keys[middle].AsSpan().SequenceCompareTo(key) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }

    /// <summary>
    /// Moves the upper half to a new node. An insert at the very end moves nothing: keys that only grow then leave full nodes behind.
    /// </summary>
    public CowNode<TValue> Split(long edit, int insertAt)
    {
        var keep = insertAt == Count ? Count : Count / 2;
        var right = new CowNode<TValue>(edit, Values is not null) { Count = Count - keep };
        CopyRange(right, keep, 0, Count - keep);
        Clear(keep, Count);
        Count = keep;
        return right;
    }

    public void InsertLeafEntry(int position, byte[] key, TValue value)
    {
        Array.Copy(Keys, position, Keys, position + 1, Count - position);
        Array.Copy(Values!, position, Values!, position + 1, Count - position);
        Keys[position] = key;
        Values![position] = value;
        Count++;
    }

    public void InsertChild(int position, CowNode<TValue> child)
    {
        Array.Copy(Keys, position, Keys, position + 1, Count - position);
        Array.Copy(Children!, position, Children!, position + 1, Count - position);
        Keys[position] = child.LowestKey;
        Children![position] = child;
        Count++;
    }

    public void RemoveAt(int position)
    {
        Array.Copy(Keys, position + 1, Keys, position, Count - position - 1);
        if (Values is not null)
            Array.Copy(Values, position + 1, Values, position, Count - position - 1);
        else
            Array.Copy(Children!, position + 1, Children!, position, Count - position - 1);
        Count--;
        Clear(Count, Count + 1);
    }

    /// <summary>Takes over the entries of the right neighbour, which lies at <paramref name="separator"/>.</summary>
    public void Append(CowNode<TValue> right, byte[] separator)
    {
        right.CopyRange(this, 0, Count, right.Count);
        if (Children is not null)
            Keys[Count] = separator;
        Count += right.Count;
    }

    private void CopyRange(CowNode<TValue> target, int from, int to, int count)
    {
        Array.Copy(Keys, from, target.Keys, to, count);
        if (Values is not null)
            Array.Copy(Values, from, target.Values!, to, count);
        else
            Array.Copy(Children!, from, target.Children!, to, count);
    }

    private void Clear(int from, int to)
    {
        Array.Clear(Keys, from, to - from);
        if (Values is not null)
            Array.Clear(Values, from, to - from);
        else
            Array.Clear(Children!, from, to - from);
    }
}
