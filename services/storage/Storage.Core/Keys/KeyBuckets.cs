using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Storage.Core.Keys;

/// <summary>Deals rows out to buckets by key. A full bucket becomes two.</summary>
/// <param name="bucketBytes">A bucket takes no more, unless it has one key only.</param>
internal sealed class KeyBuckets(int bucketBytes)
{
    private readonly List<KeyBucket> _buckets = [new KeyBucket([])];

    // What the bounds but the first begin with, and of each what follows it: as in a branch of the index.
    private readonly List<ulong> _heads = [0];
    private int _prefixBytes;

    /// <summary>The buckets in the order of their keys.</summary>
    public IReadOnlyList<KeyBucket> All => _buckets;

    /// <summary>Memory that they take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds rows, those of one key in the order of their revisions.</summary>
    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> rows)
    {
        while (!rows.IsEmpty)
        {
            var row = rows[..KeyRow.Length(rows)];
            AddRow(row, KeyRow.Key(row));
            rows = rows[row.Length..];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddRow(ReadOnlySpan<byte> row, ReadOnlySpan<byte> key)
    {
        while (true)
        {
            var at = Find(key);
            var bucket = _buckets[at];
            var before = bucket.Bytes;
            if (bucket.TryAdd(row, key, bucketBytes))
            {
                Bytes += bucket.Bytes - before;
                return;
            }
            if (bucket.Count > 0 && bucket.Split() is var (left, right))
            {
                Bytes += left.Bytes + right.Bytes - before;
                Replace(at, left, right);
                continue;
            }
            // All of it is one key.
            Invariant.Holds(bucket.TryAdd(row, key, (int)Math.Min(Array.MaxLength, (2L * before) + row.Length)));
            Bytes += bucket.Bytes - before;
            return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(ReadOnlySpan<byte> key)
    {
        if (_buckets.Count == 1)
            return 0;
        var prefix = _buckets[1].Bound.AsSpan(0, _prefixBytes);
        if (!key.StartsWith(prefix))
            return key.SequenceCompareTo(prefix) < 0 ? 0 : _buckets.Count - 1;
        var head = KeyHead.Of(key[_prefixBytes..]);
        var heads = CollectionsMarshal.AsSpan(_heads);
        var (low, high) = (1, heads.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (heads[middle] < head || (heads[middle] == head && _buckets[middle].Bound.AsSpan().SequenceCompareTo(key) <= 0))
                low = middle + 1;
            else
                high = middle - 1;
        }
        return low - 1;
    }

    private void Replace(int at, KeyBucket left, KeyBucket right)
    {
        _buckets[at] = left;
        _buckets.Insert(at + 1, right);
        _heads.Insert(at + 1, 0);
        var prefixBytes = _buckets[1].Bound.AsSpan().CommonPrefixLength(_buckets[^1].Bound);
        var isPrefixKept = prefixBytes == _prefixBytes;
        _prefixBytes = prefixBytes;
        for (var i = isPrefixKept ? at + 1 : 1; i < (isPrefixKept ? at + 2 : _buckets.Count); i++)
            _heads[i] = KeyHead.Of(_buckets[i].Bound.AsSpan(_prefixBytes));
    }
}
