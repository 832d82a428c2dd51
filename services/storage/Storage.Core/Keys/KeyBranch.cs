namespace Storage.Core.Keys;

/// <summary>
/// A branch. Which children there are never changes: another branch takes its place. A child is exchanged in place for one with the same keys, and
/// what is counted of it goes with every change below.
/// </summary>
internal sealed class KeyBranch : KeyNode
{
    public const int MaxChildren = 64;

    // Fewer than that look for a neighbour to join.
    public const int SmallChildren = MaxChildren / 4;

    private readonly byte[][] _separators;

    // What the separators but the first begin with, and of each what follows it: a search seldom has to look at a separator, which lies anywhere in memory.
    private readonly int _prefixBytes;
    private readonly ulong[] _heads;
    private readonly KeyNode[] _children;
    private readonly int[] _live;
    private readonly long[] _newest;

    public KeyBranch(ReadOnlySpan<KeyChild> children)
    {
        Invariant.Holds(children.Length is > 0 and <= MaxChildren);
        _separators = new byte[children.Length][];
        _children = new KeyNode[children.Length];
        _live = new int[children.Length];
        _newest = new long[children.Length];
        for (var i = 0; i < children.Length; i++)
            (_separators[i], _children[i], _live[i], _newest[i]) = children[i];
        if (children.Length > 1)
            _prefixBytes = _separators[1].AsSpan().CommonPrefixLength(_separators[^1]);
        _heads = new ulong[children.Length];
        for (var i = 1; i < children.Length; i++)
            _heads[i] = KeyHead.Of(_separators[i].AsSpan(_prefixBytes));
    }

    public int Count => _children.Length;

    public byte[] Separator(int child) => _separators[child];

    /// <summary>A child as it is now.</summary>
    public KeyNode Child(int child) => Volatile.Read(ref _children[child]);

    /// <summary>The child below which the key belongs.</summary>
    public int ChildIndex(ReadOnlySpan<byte> key)
    {
        if (_heads.Length == 1)
            return 0;
        var prefix = _separators[1].AsSpan(0, _prefixBytes);
        if (!key.StartsWith(prefix))
            return key.SequenceCompareTo(prefix) < 0 ? 0 : _heads.Length - 1;
        var head = KeyHead.Of(key[_prefixBytes..]);
        var (low, high) = (1, _heads.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_heads[middle] < head || (_heads[middle] == head && _separators[middle].AsSpan().SequenceCompareTo(key) <= 0))
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }

    /// <summary>The keys below a child that exist at revision <paramref name="at"/>; false when some of them changed since, so that they have to be looked at.</summary>
    public bool TryCount(int child, long at, out int live)
    {
        // In the other order than they are written: a count that is too new comes with a revision that says so.
        live = Volatile.Read(ref _live[child]);
        return Volatile.Read(ref _newest[child]) <= at;
    }

    /// <summary>Notes a change below a child. Owner only.</summary>
    public void Note(int child, long main, int liveChange)
    {
        Volatile.Write(ref _newest[child], Math.Max(_newest[child], main));
        if (liveChange != 0)
            Volatile.Write(ref _live[child], _live[child] + liveChange);
    }

    /// <summary>Puts another node with the same keys in the place of a child. Owner only.</summary>
    public void Exchange(int child, KeyNode node) => Volatile.Write(ref _children[child], node);

    /// <summary>Adds some of its children to a list.</summary>
    public void AddTo(List<KeyChild> list, int from, int to)
    {
        for (var i = from; i < to; i++)
            list.Add(new KeyChild(_separators[i], _children[i], _live[i], _newest[i]));
    }

    /// <summary>What a parent says of this branch.</summary>
    public KeyChild Describe()
    {
        var (live, newest) = (0, 0L);
        for (var i = 0; i < _children.Length; i++)
            (live, newest) = (live + _live[i], Math.Max(newest, _newest[i]));
        return new KeyChild(_separators[0], this, live, newest);
    }
}
