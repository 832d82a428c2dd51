using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>
/// Revisions of a key before its newest, ascending, in one array: the count, then main and sub of each (a tombstone's sub complemented). Keys
/// without a past have none.
/// </summary>
/// <remarks>
/// The owner appends behind what a reader of the same array may be looking at, and counts it last: a reader sees the array as it was or with more
/// behind, and its revision bounds what it takes from there. Dropping the oldest makes another array.
/// </remarks>
internal static class OlderRevisions
{
    private const int Header = 1, Width = 2, FewRevisions = 8;

    /// <summary>How many there are; 0 for null.</summary>
    public static int Count(long[]? older) => older is null ? 0 : (int)Volatile.Read(ref older[0]);

    public static (Revision Revision, bool IsTombstone) At(long[] older, int position)
    {
        var sub = (int)older[Header + (position * Width) + 1];
        return (new Revision(older[Header + (position * Width)], KeyState.DecodeSub(sub)), sub < 0);
    }

    /// <summary>The array with one more behind; the same one when it has room.</summary>
    public static long[] Append(long[]? older, in KeyState state)
    {
        var count = Count(older);
        if (older is null || Header + (count * Width) == older.Length)
        {
            var larger = new long[Header + (Grown(count) * Width)];
            older?.AsSpan().CopyTo(larger);
            older = larger;
        }
        var (revision, tombstone) = (state.Revision, state.IsTombstone);
        older[Header + (count * Width)] = revision.Main;
        older[Header + (count * Width) + 1] = tombstone ? KeyState.EncodeTombstone(revision.Sub) : revision.Sub;
        Volatile.Write(ref older[0], count + 1);
        return older;
    }

    // Short ones grow to more than twice their length: each array that a key outgrows soon is one more that the garbage collector moves meanwhile.
    private static int Grown(int count) => count < FewRevisions ? 2 + (2 * count) : count + (count / 2);

    /// <summary>What is left without the <paramref name="drop"/> oldest; null when nothing is.</summary>
    public static long[]? WithoutOldest(long[]? older, int drop)
    {
        var left = Count(older) - drop;
        if (left <= 0)
            return null;
        var rest = new long[Header + (left * Width)];
        rest[0] = left;
        older.AsSpan(Header + (drop * Width), left * Width).CopyTo(rest.AsSpan(Header));
        return rest;
    }

    /// <summary>Number of them before the bound.</summary>
    public static int CountBelow(long[]? older, Revision bound)
    {
        var (low, high) = (0, Count(older));
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (At(older!, middle).Revision < bound)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
