using Storage.Core.Mvcc;

namespace Storage.Core.Auth;

/// <summary>
/// The keys that a user may read, and those it may write: what its roles allow, as disjoint ranges in order. Ranges that overlap or touch are one, so that a
/// request may span permissions of several roles: [a, b) and [b, c) allow [a, c). Immutable.
/// </summary>
public sealed class RangePermissions
{
    private readonly List<Interval> _read, _write;

    public RangePermissions(IEnumerable<AuthPermission> permissions)
    {
        var all = permissions.ToList();
        _read = Merge(all.Where(static permission => permission.AllowsRead));
        _write = Merge(all.Where(static permission => permission.AllowsWrite));
    }

    /// <summary>Whether the whole range is allowed. One that ends before it begins is not, although it holds nothing: in etcd it depends on the shape of its tree of permissions, and mostly is not either.</summary>
    public bool Allow(in KeyRange range, bool write)
    {
        if (!range.IsSingle && !range.IsOpen && range.End.SequenceCompareTo(range.Key) < 0)
            return false;
        var intervals = write ? _write : _read;
        var (low, high) = (0, intervals.Count);
        // The last one that does not begin beyond the key.
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (intervals[middle].Begin.AsSpan().SequenceCompareTo(range.Key) <= 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0)
            return false;
        var end = intervals[low - 1].End;
        if (end is null)
            return true;
        if (range.Key.SequenceCompareTo(end) >= 0)
            return false;
        return range.IsSingle || (!range.IsOpen && range.End.SequenceCompareTo(end) <= 0);
    }

    private static List<Interval> Merge(IEnumerable<AuthPermission> permissions)
    {
        var merged = new List<Interval>();
        foreach (var next in permissions.Select(IntervalOf).OrderBy(static interval => interval.Begin, s_byteOrder))
        {
            if (merged.Count == 0 || (merged[^1].End is { } end && end.AsSpan().SequenceCompareTo(next.Begin) < 0))
                merged.Add(next);
            else if (merged[^1].End is { } last && (next.End is null || next.End.AsSpan().SequenceCompareTo(last) > 0))
                merged[^1] = merged[^1] with { End = next.End };
        }
        return merged;
    }

    private static readonly Comparer<byte[]> s_byteOrder = Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b));

    private static Interval IntervalOf(AuthPermission permission)
    {
        var range = new KeyRange(permission.Key.Span, permission.RangeEnd.Span);
        // A key alone ends where the next possible key begins.
        byte[]? end = range.IsSingle ? [.. range.Key, 0] : range.IsOpen ? null : range.End.ToArray();
        return new Interval(range.Key.ToArray(), end);
    }

    /// <summary>[Begin, End); without an end it goes on to the last key.</summary>
    private readonly record struct Interval(byte[] Begin, byte[]? End);
}
