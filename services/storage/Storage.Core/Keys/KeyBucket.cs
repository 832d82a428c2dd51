using System.Runtime.CompilerServices;

namespace Storage.Core.Keys;

/// <summary>Rows (<see cref="KeyRow"/>) of the keys from a bound on up to that of the next bucket, in the order in which they came. So small that sorting it stays in the processor's cache.</summary>
/// <param name="bound">No key is below it.</param>
internal sealed class KeyBucket(byte[] bound)
{
    private const int SmallestBytes = 4 * 1024;
    private const int SampledKeys = 64;

    private byte[] _rows = [];
    private int _used;

    public byte[] Bound => bound;

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>Memory that it takes.</summary>
    public int Bytes => _rows.Length;

    /// <summary>The rows, one after the other.</summary>
    public ReadOnlySpan<byte> Rows => _rows.AsSpan(0, _used);

    /// <summary>Bytes that all keys begin with.</summary>
    public int CommonBytes { get; private set; }

    /// <summary>Adds a row, unless the bucket would take more than <paramref name="maxBytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(ReadOnlySpan<byte> row, ReadOnlySpan<byte> key, int maxBytes)
    {
        if (row.Length > _rows.Length - _used)
        {
            if (_used + (long)row.Length > maxBytes)
                return false;
            Grow(row.Length, maxBytes);
        }
        CommonBytes = Count == 0 ? key.Length : KeyRow.Key(_rows)[..CommonBytes].CommonPrefixLength(key);
        row.CopyTo(_rows.AsSpan(_used));
        _used += row.Length;
        Count++;
        return true;
    }

    /// <summary>Where a key of a row of <see cref="Rows"/> lies, for a leaf that is built of it.</summary>
    public ArraySegment<byte> Segment(int row)
    {
        var (start, length) = KeyRow.KeyRange(_rows.AsSpan(row));
        return new ArraySegment<byte>(_rows, row + start, length);
    }

    /// <summary>Two buckets in the place of this one, each with some of its keys; null when it has a single key only.</summary>
    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (KeyBucket Left, KeyBucket Right)? Split()
    {
        if (MiddleKey() is not { } cut)
            return null;
        var (left, right) = (new KeyBucket(bound), new KeyBucket(cut));
        for (var rows = Rows; !rows.IsEmpty;)
        {
            var row = rows[..KeyRow.Length(rows)];
            var key = KeyRow.Key(row);
            var side = key.SequenceCompareTo(cut) < 0 ? left : right;
            if (!side.TryAdd(row, key, _rows.Length))
                throw new InvalidOperationException("a part takes more than the whole");
            rows = rows[row.Length..];
        }
        return (left, right);
    }

    /// <summary>Gives up the rows, whose leaves are built.</summary>
    public void Release() => (_rows, _used, Count) = ([], 0, 0);

    // Half of the keys, roughly, are below it, and one at least.
    private byte[]? MiddleKey()
    {
        var step = Math.Max(1, Count / SampledKeys);
        List<byte[]> sample = new(SampledKeys * 2);
        var first = Key(0);
        ReadOnlySpan<byte> other = default;
        var n = 0;
        for (var at = 0; at < _used; at += KeyRow.Length(_rows.AsSpan(at)))
        {
            var key = Key(at);
            if (n++ % step == 0)
                sample.Add(key.ToArray());
            if (other.IsEmpty && !key.SequenceEqual(first))
                other = key;
        }
        if (other.IsEmpty)
            return null;
        sample.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
        var middle = sample[sample.Count / 2];
        if (!middle.AsSpan().SequenceEqual(sample[0]))
            return middle;
        // Most rows are one key's: it goes to one side. Of two different keys the higher one always has one below it.
        var different = other.SequenceEqual(middle) ? first : other;
        return different.SequenceCompareTo(middle) < 0 ? middle : different.ToArray();
    }

    private ReadOnlySpan<byte> Key(int row) => KeyRow.Key(_rows.AsSpan(row));

    private void Grow(int rowBytes, int maxBytes)
    {
        var bytes = Math.Clamp(2L * _rows.Length, SmallestBytes, Math.Max(maxBytes, SmallestBytes));
        var grown = GC.AllocateUninitializedArray<byte>((int)Math.Max(bytes, _used + (long)rowBytes));
        Rows.CopyTo(grown);
        _rows = grown;
    }
}
