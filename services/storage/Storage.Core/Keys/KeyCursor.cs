using System.Runtime.CompilerServices;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>Walks the keys of a range in byte order, deleted ones and those newer than the reader's revision included. For any thread.</summary>
public ref struct KeyCursor
{
    private readonly KeyRange _range;
    private Branches _branches;
    private Positions _positions;
    private int _depth;

    // Null at the end.
    private KeyLeaf? _leaf;
    private byte[] _order;
    private int _index;
    private int _end; // of the range's keys in the leaf
    private bool _isLastLeaf;
    private byte[] _key = [];

    internal KeyCursor(KeyNode root, KeyRange range)
    {
        _range = range;
        _order = [];
        var leaf = Descend(root, range.Key);
        var position = leaf.Search(leaf.Order, range.Key);
        Enter(leaf, position < 0 ? ~position : position);
    }

    /// <summary>Bytes of the current key; valid until the next move.</summary>
    public ReadOnlySpan<byte> Key
    {
        get
        {
            var prefix = _leaf!.Prefix;
            var suffix = _leaf.Suffix(_order[_index]);
            if (_key.Length < prefix.Length + suffix.Length)
                _key = new byte[Math.Max(64, prefix.Length + suffix.Length)];
            prefix.CopyTo(_key);
            suffix.CopyTo(_key.AsSpan(prefix.Length));
            return _key.AsSpan(0, prefix.Length + suffix.Length);
        }
    }

    /// <summary>The current key's history as it is now. Each call may find a newer one.</summary>
    public readonly KeyHistory History => _leaf!.Read(_order[_index]);

    internal readonly KeyLeaf Leaf => _leaf!;

    internal readonly int Slot => _order[_index];

    /// <summary>The current key is the first of its leaf, and the last move came from the leaf before.</summary>
    internal bool IsFirstInLeaf { get; private set; }

    public bool MoveNext()
    {
        if (_leaf is null)
            return false;
        IsFirstInLeaf = false;
        if (++_index < _end)
            return true;
        return MoveToNextLeaf();
    }

    /// <summary>Moves to the last key of the leaf.</summary>
    internal void SkipLeaf() => _index = _end - 1;

    private bool MoveToNextLeaf()
    {
        while (!_isLastLeaf && _depth > 0)
        {
            var branch = _branches[_depth - 1]!;
            if (++_positions[_depth - 1] >= branch.Count)
            {
                _depth--;
                continue;
            }
            Enter(Descend(branch.Child(_positions[_depth - 1]), default), 0);
            if (++_index < _end)
            {
                IsFirstInLeaf = true;
                return true;
            }
        }
        _leaf = null;
        return false;
    }

    private KeyLeaf Descend(KeyNode node, ReadOnlySpan<byte> key)
    {
        while (node is KeyBranch branch)
        {
            Invariant.Holds(_depth < KeyIndex.MaxDepth);
            var child = key.IsEmpty ? 0 : branch.ChildIndex(key);
            _branches[_depth] = branch;
            _positions[_depth++] = child;
            node = branch.Child(child);
        }
        return (KeyLeaf)node;
    }

    // Before the key at a position of the leaf's order.
    private void Enter(KeyLeaf leaf, int position)
    {
        (_leaf, _order, _index) = (leaf, leaf.Order, position - 1);
        _end = leaf.EndOf(_order, _range, out _isLastLeaf);
    }

    [InlineArray(KeyIndex.MaxDepth)]
    private struct Branches
    {
        private KeyBranch? _first;
    }

    [InlineArray(KeyIndex.MaxDepth)]
    private struct Positions
    {
        private int _first;
    }
}
