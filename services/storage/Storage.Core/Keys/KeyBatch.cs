using System.Runtime.CompilerServices;

namespace Storage.Core.Keys;

/// <summary>The rows of a bucket in the order of their keys, and those of one key as they came. Used again for one bucket after the other.</summary>
internal sealed class KeyBatch
{
    private KeyBucket _bucket = new([]);

    // Sorted: what follows the common beginning of each key, and where its row is in the bucket.
    private ulong[] _heads = [];
    private int[] _order = [];
    private readonly HeadSort _sort = new();

    // Bytes that all keys begin with.
    private int _common;

    public int Count { get; private set; }

    /// <summary>Sorts the rows of a bucket, which does not change from here on.</summary>
    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sort(KeyBucket bucket)
    {
        (_bucket, _common, Count) = (bucket, bucket.CommonBytes, bucket.Count);
        if (_order.Length < Count)
            (_heads, _order) = (new ulong[Count * 3 / 2], new int[Count * 3 / 2]);
        var rows = bucket.Rows;
        for (var (i, at) = (0, 0); i < Count; i++)
        {
            (_heads[i], _order[i]) = (KeyHead.Of(KeyRow.Key(rows[at..])[_common..]), at);
            at += KeyRow.Length(rows[at..]);
        }
        // By numbers first, without a look at the keys; then those that are equal so far.
        _sort.Sort(ref _heads, ref _order, Count);
        for (var from = 0; from < Count;)
        {
            var to = from + 1;
            while (to < Count && _heads[to] == _heads[from])
                to++;
            if (to - from > 1)
                _order.AsSpan(from, to - from).Sort(Compare);
            from = to;
        }
    }

    /// <summary>Whether two sorted neighbours have the same key.</summary>
    public bool IsSameKey(int position, int next) => _heads[position] == _heads[next] && KeyAt(position).SequenceEqual(KeyAt(next));

    /// <summary>Key of the row at a position of the sorted order.</summary>
    public ReadOnlySpan<byte> KeyAt(int position) => KeyRow.Key(_bucket.Rows[_order[position]..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KeyState StateAt(int position, out long lease) => KeyRow.Read(_bucket.Rows[_order[position]..], out lease);

    /// <summary>The key for a leaf that is built of it: valid as long as the bucket's rows are.</summary>
    public ArraySegment<byte> SegmentAt(int position) => _bucket.Segment(_order[position]);

    private int Compare(int left, int right)
    {
        var rows = _bucket.Rows;
        var comparison = KeyRow.Key(rows[left..])[_common..].SequenceCompareTo(KeyRow.Key(rows[right..])[_common..]);
        return comparison != 0 ? comparison : left.CompareTo(right);
    }
}
