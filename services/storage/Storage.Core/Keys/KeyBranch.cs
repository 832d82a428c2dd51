using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
    private readonly byte[] _prefix = [];
    private readonly ulong[] _heads;
    private readonly KeyNode[] _children;
    private readonly int[] _live;
    private readonly long[] _newest;

    public KeyBranch(ReadOnlySpan<KeyChild> children)
    {
        Invariant.Holds(children.Length is > 0 and <= MaxChildren);
        // First, so that they lie behind this object: see Fetch. As many as whole vectors have room for: those behind the last child are above every key.
        _heads = new ulong[(children.Length + Vector128<ulong>.Count - 1) / Vector128<ulong>.Count * Vector128<ulong>.Count];
        _children = new KeyNode[children.Length];
        _separators = new byte[children.Length][];
        _live = new int[children.Length];
        _newest = new long[children.Length];
        for (var i = 0; i < children.Length; i++)
            (_separators[i], _children[i], _live[i], _newest[i]) = children[i];
        if (children.Length > 1)
            _prefix = _separators[1].AsSpan(0, _separators[1].AsSpan().CommonPrefixLength(_separators[^1])).ToArray();
        for (var i = 1; i < _heads.Length; i++)
            _heads[i] = i < children.Length ? KeyHead.Of(_separators[i].AsSpan(_prefix.Length)) : ulong.MaxValue;
    }

    public int Count => _children.Length;

    public byte[] Separator(int child) => _separators[child];

    /// <summary>A child as it is now.</summary>
    public KeyNode Child(int child) => Volatile.Read(ref _children[child]);

    /// <summary>The child below which the key belongs.</summary>
    public int ChildIndex(ReadOnlySpan<byte> key)
    {
        if (!key.StartsWith(_prefix))
            return key.SequenceCompareTo(_prefix) < 0 ? 0 : _children.Length - 1;
        var head = KeyHead.Of(key[_prefix.Length..]);
        // The first one, which has no separator, is below every head but 0.
        var child = Math.Max(0, CountBelow(head) - 1);
        return child + 1 < _children.Length && _heads[child + 1] == head ? ChildIndexFrom(child, head, key) : child;
    }

    // The separators of some children behind this one begin as the key does.
    private int ChildIndexFrom(int child, ulong head, ReadOnlySpan<byte> key)
    {
        var (low, high) = (child + 1, _children.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_heads[middle] == head && _separators[middle].AsSpan().SequenceCompareTo(key) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }

    // All of them, without a decision: a search by halves decides wrongly at every other step, which takes longer. Wider vectors would leave native code out, which a start needs.
    private int CountBelow(ulong head)
    {
        var bound = Vector128.Create(head);
        var below = Vector128<ulong>.Zero;
        foreach (var heads in MemoryMarshal.Cast<ulong, Vector128<ulong>>(_heads))
            below -= Vector128.LessThan(heads, bound);
        return (int)Vector128.Sum(below);
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
