namespace Storage.Core.Ordered;

/// <summary>A frozen <see cref="CowMap{TValue}"/>. Any number of threads may read it.</summary>
public readonly struct CowMapView<TValue> where TValue : class
{
    private readonly CowNode<TValue>? _root;

    internal CowMapView(CowNode<TValue>? root, int count) => (_root, Count) = (root, count);

    /// <summary>Number of keys.</summary>
    public int Count { get; }

    /// <summary>Reads a value; null when the key is absent.</summary>
    public TValue? Find(ReadOnlySpan<byte> key)
    {
        var node = _root;
        if (node is null)
            return null;
        while (node.Children is { } children)
            node = children[node.ChildIndex(key)]!;
        var position = node.Search(key);
        return position < 0 ? null : node.Values![position];
    }

    /// <summary>A cursor before the first key at or after <paramref name="from"/>; call <see cref="CowCursor{TValue}.MoveNext"/> first.</summary>
    public CowCursor<TValue> Seek(ReadOnlySpan<byte> from) => new(_root, from);
}
