using System.Runtime.CompilerServices;

namespace Storage.Core.Ordered;

/// <summary>Walks the keys of a <see cref="CowMapView{TValue}"/> in byte order.</summary>
public ref struct CowCursor<TValue> where TValue : class
{
    // Branch capacity 64, split at half or full: twelve levels are more keys than memory holds.
    private const int MaxDepth = 12;

    private Branches _branches;
    private Positions _positions;
    private int _depth;
    private CowNode<TValue>? _leaf;
    private int _index;

    internal CowCursor(CowNode<TValue>? root, ReadOnlySpan<byte> from)
    {
        if (root is null)
            return;
        var node = root;
        while (node.Children is { } children)
        {
            var child = from.IsEmpty ? 0 : node.ChildIndex(from);
            _branches[_depth] = node;
            _positions[_depth++] = child;
            node = children[child]!;
        }
        _leaf = node;
        var position = from.IsEmpty ? 0 : node.Search(from);
        _index = (position < 0 ? ~position : position) - 1;
    }

    /// <summary>Current key.</summary>
    public readonly byte[] Key => _leaf!.Keys[_index]!;

    /// <summary>Current value.</summary>
    public readonly TValue Value => _leaf!.Values![_index]!;

    public bool MoveNext()
    {
        if (_leaf is null)
            return false;
        if (++_index < _leaf.Count)
            return true;
        return MoveToNextLeaf();
    }

    private bool MoveToNextLeaf()
    {
        while (_depth > 0)
        {
            var branch = _branches[_depth - 1]!;
            if (++_positions[_depth - 1] >= branch.Count)
            {
                _depth--;
                continue;
            }
            var node = branch.Children![_positions[_depth - 1]]!;
            while (node.Children is { } children)
            {
                _branches[_depth] = node;
                _positions[_depth++] = 0;
                node = children[0]!;
            }
            _leaf = node;
            _index = 0;
            return true;
        }
        _leaf = null;
        return false;
    }

    [InlineArray(MaxDepth)]
    private struct Branches
    {
        private CowNode<TValue>? _first;
    }

    [InlineArray(MaxDepth)]
    private struct Positions
    {
        private int _first;
    }
}
