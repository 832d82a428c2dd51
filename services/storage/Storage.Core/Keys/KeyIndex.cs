using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>
/// The keys in byte order with their histories: a B+tree in memory, in a few dozen bytes a key and a few objects for dozens of keys. One owner changes it; any thread
/// reads it at any time, at a revision that it was told of before.
/// </summary>
/// <remarks>
/// <para>
/// There are no frozen copies: whoever reads at a revision finds what later ones changed among each key's older revisions, and takes keys that came
/// later for absent. Only compaction takes something from readers, and they notice (<see cref="State.PruneFloor"/>).
/// </para>
/// <para>
/// Changes of a key, and new keys where there is room, are made in place (<see cref="KeyLeaf"/>). Where nodes are split, joined or grown, others take their place, with one write to
/// the parent that stays, and those replaced are left as they were: a reader under way goes on in them, with all that was there when it began.
/// </para>
/// </remarks>
public sealed partial class KeyIndex
{
    // Branches with two children at least: more levels than memory has room for.
    internal const int MaxDepth = 32;

    // The way down to the leaf of the change under way.
    private readonly KeyBranch[] _path = new KeyBranch[MaxDepth];
    private readonly int[] _children = new int[MaxDepth];
    private int _depth;

    // Used again from change to change.
    private readonly List<LeafEntry> _entries = [];
    private readonly List<KeyChild> _nodes = [];

    private KeyNode _root = new KeyLeaf([], 0, 0);

    private int _count;

    /// <summary>Number of keys, deleted ones included that were not compacted.</summary>
    public int Count => _count;

    /// <summary>The history of a key; none when it is not there.</summary>
    public KeyHistory Find(ReadOnlySpan<byte> key)
    {
        var node = Root;
        while (node is KeyBranch branch)
        {
            node = branch.Child(branch.ChildIndex(key));
            node.Fetch();
        }
        var leaf = (KeyLeaf)node;
        var slot = leaf.Find(key);
        return slot < 0 ? default : leaf.Read(slot);
    }

    /// <summary>A cursor before the first key of a range; call <see cref="KeyCursor.MoveNext"/> first.</summary>
    public KeyCursor Seek(KeyRange range) => new(Root, range);

    /// <summary>Puts a key. Owner only, and so are all changes.</summary>
    /// <param name="key">It is copied.</param>
    /// <param name="revision">Newer than all before.</param>
    /// <param name="lease">0: none.</param>
    /// <param name="before">What was there; none for a new key.</param>
    /// <returns>What is there now.</returns>
    public KeyHistory Put(ReadOnlySpan<byte> key, Revision revision, long lease, out KeyHistory before)
    {
        while (true)
        {
            var leaf = Descend(key);
            var slot = leaf.Find(key);
            if (slot >= 0)
            {
                before = leaf.Read(slot);
                Note(revision.Main, before.IsTombstone ? 1 : 0);
                return leaf.Put(slot, revision, lease);
            }
            var position = leaf.Search(leaf.Order, key);
            var state = KeyState.Put(revision, revision.Main, 1);
            if (leaf.TryInsert(~position, key, state, lease))
            {
                _count++;
                Note(revision.Main, 1);
                before = default;
                return new KeyHistory(state, lease, null);
            }
            MakeRoom(leaf, ~position, key);
        }
    }

    /// <summary>Deletes a key that exists; answers what was there.</summary>
    public KeyHistory Delete(ReadOnlySpan<byte> key, Revision revision)
    {
        var leaf = Descend(key);
        var slot = leaf.Find(key);
        Invariant.Holds(slot >= 0);
        var before = leaf.Read(slot);
        Invariant.Holds(before.IsLive);
        Note(revision.Main, -1);
        leaf.Delete(slot, revision);
        return before;
    }

    private KeyNode Root => Volatile.Read(ref _root);

    private KeyLeaf Descend(ReadOnlySpan<byte> key)
    {
        _depth = 0;
        var node = _root;
        while (node is KeyBranch branch)
        {
            Invariant.Holds(_depth < MaxDepth);
            var child = branch.ChildIndex(key);
            (_path[_depth], _children[_depth]) = (branch, child);
            _depth++;
            node = branch.Child(child);
            node.Fetch();
        }
        return (KeyLeaf)node;
    }

    private void Note(long main, int liveChange)
    {
        for (var i = 0; i < _depth; i++)
            _path[i].Note(_children[i], main, liveChange);
    }
}
