using System.Runtime.InteropServices;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>Forgetting what compaction does not keep.</summary>
public sealed partial class KeyIndex
{
    private readonly List<byte[]> _gone = [];

    /// <summary>
    /// Takes what compaction at a revision does not keep out of the histories of some keys, and those without any left out of the index. Looks at no more than
    /// <paramref name="maxKeys"/> keys, leaves where there is nothing to do counting as one, and stops after as many revisions.
    /// </summary>
    /// <param name="from">Where to begin: empty, or what the last call said.</param>
    /// <param name="maxKeys">Bound of the work.</param>
    /// <param name="at">The compacted revision.</param>
    /// <param name="doomed">Gets the revisions that go, oldest first of each key.</param>
    /// <returns>Where to go on; null at the end.</returns>
    public byte[]? Compact(ReadOnlySpan<byte> from, int maxKeys, long at, List<(Revision Revision, bool IsTombstone)> doomed)
    {
        _gone.Clear();
        var cursor = Seek(new KeyRange(from, "\0"u8));
        byte[]? next = null;
        for (var looked = 0; cursor.MoveNext(); )
        {
            if (cursor.IsFirstInLeaf && cursor.Leaf.HasNothingToCompact)
                cursor.SkipLeaf();
            else
                Compact(ref cursor, at, doomed);
            if (++looked < maxKeys && doomed.Count < maxKeys)
                continue;
            next = [.. cursor.Key, 0]; // what follows it in byte order
            break;
        }
        foreach (var key in _gone)
            Remove(key);
        return next;
    }

    private void Compact(scoped ref KeyCursor cursor, long at, List<(Revision Revision, bool IsTombstone)> doomed)
    {
        var history = cursor.History;
        var drop = history.CountDropped(at);
        if (drop == 0)
            return;
        for (var i = 0; i < drop; i++)
            doomed.Add(history.At(i));
        if (drop == history.Count)
            _gone.Add(cursor.Key.ToArray());
        else
            cursor.Leaf.DropOldest(cursor.Slot, drop);
    }

    private void Remove(ReadOnlySpan<byte> key)
    {
        var leaf = Descend(key);
        leaf.RemoveAt(leaf.Search(leaf.Order, key));
        _count--;
        var left = leaf.Order.Length;
        _nodes.Clear();
        if (left == 0)
            ReplaceChildren(_depth - 1, 1, _nodes);
        else if (left < KeyLeaf.SmallKeys && !TryJoin(leaf) && leaf.Capacity > 2 * KeyLeaf.SmallKeys)
            ReplaceLeaf(Copy(leaf));
    }

    // Two neighbours that fit together with room to spare become one leaf, so that a shrinking index gives its memory back.
    private bool TryJoin(KeyLeaf leaf)
    {
        if (_depth == 0)
            return false;
        var (parent, child) = (_path[_depth - 1], _children[_depth - 1]);
        var left = child > 0 ? child - 1 : child;
        if (left + 1 >= parent.Count)
            return false;
        var (first, second) = (left == child ? leaf : (KeyLeaf)parent.Child(left), left == child ? (KeyLeaf)parent.Child(left + 1) : leaf);
        if (first.Order.Length + second.Order.Length > KeyLeaf.MaxKeys * 3 / 4)
            return false;
        _entries.Clear();
        first.AddTo(_entries, 0, first.Order.Length);
        second.AddTo(_entries, 0, second.Order.Length);
        var bytes = 0;
        foreach (ref readonly var entry in CollectionsMarshal.AsSpan(_entries))
            bytes += entry.KeyBytes;
        if (bytes > KeyLeaf.MaxHeapBytes)
            return false;
        _nodes.Add(KeyLeaf.Build(CollectionsMarshal.AsSpan(_entries), Slack(_entries.Count), int.MaxValue, 0).Describe(parent.Separator(left)));
        _children[_depth - 1] = left;
        ReplaceChildren(_depth - 1, 2, _nodes);
        return true;
    }

    private KeyLeaf Copy(KeyLeaf leaf)
    {
        _entries.Clear();
        leaf.AddTo(_entries, 0, leaf.Order.Length);
        return KeyLeaf.Build(CollectionsMarshal.AsSpan(_entries), Slack(_entries.Count), int.MaxValue, 0);
    }
}
