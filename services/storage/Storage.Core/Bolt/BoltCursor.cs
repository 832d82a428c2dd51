namespace Storage.Core.Bolt;

/// <summary>
/// Walks the rows of one bucket in key order. No page is visited twice for long: keys must ascend over the whole walk, every leaf below a branch has one,
/// and the way down is bounded.
/// </summary>
public sealed class BoltCursor
{
    private readonly BoltFile _file;

    // From the root down; the last one is a leaf once the walk has begun.
    private readonly List<(BoltPage Page, int At)> _path = [];
    private byte[] _lastKey = new byte[64];
    private int _lastKeyBytes;

    internal BoltCursor(BoltFile file, BoltPage root)
    {
        _file = file;
        _path.Add((root, -1));
    }

    /// <summary>Current key; valid until the next move.</summary>
    public ReadOnlySpan<byte> Key => Current.Page.Key(Current.At);

    /// <summary>Current value; valid until the next move.</summary>
    public ReadOnlySpan<byte> Value => Current.Page.Value(Current.At);

    /// <summary>The current value describes a bucket.</summary>
    public bool IsBucket => Current.Page.IsBucket(Current.At);

    private (BoltPage Page, int At) Current => _path[^1];

    /// <summary>To the next row; false after the last.</summary>
    /// <exception cref="BoltDamagedException">The way there, or what is there, cannot be.</exception>
    public bool MoveNext()
    {
        while (_path.Count > 0)
        {
            var (page, at) = _path[^1];
            at++;
            if (at >= page.Count)
            {
                // An empty bucket is an empty leaf; anywhere else there is none.
                if (page.Count == 0 && _path.Count > 1)
                    throw new BoltDamagedException("a leaf below a branch is empty");
                _path.RemoveAt(_path.Count - 1);
                continue;
            }
            _path[^1] = (page, at);
            if (page.IsLeaf)
            {
                RequireOrder();
                return true;
            }
            if (_path.Count == BoltFormat.MaxDepth)
                throw new BoltDamagedException($"a bucket has more than {BoltFormat.MaxDepth} levels");
            _path.Add((_file.ReadPage(page.Child(at), "a branch"), -1));
        }
        return false;
    }

    private void RequireOrder()
    {
        var key = Key;
        if (_lastKeyBytes > 0 && _lastKey.AsSpan(0, _lastKeyBytes).SequenceCompareTo(key) >= 0)
            throw new BoltDamagedException("a bucket has keys out of order");
        if (key.Length > _lastKey.Length)
            _lastKey = new byte[key.Length];
        key.CopyTo(_lastKey);
        _lastKeyBytes = key.Length;
    }
}
