using System.Numerics;

namespace Storage.Core.Tree.Space;

/// <summary>One bit per page. Pages beyond the end read as clear.</summary>
internal sealed class PageBitmap
{
    private ulong[] _words = new ulong[64];

    // No word below this one has a bit set.
    private int _lowestWord;

    public long Count { get; private set; }

    public bool Contains(long page)
    {
        var word = (int)(page >> 6);
        return word < _words.Length && (_words[word] & Mask(page)) != 0;
    }

    public ulong Word(int index) => index < _words.Length ? _words[index] : 0;

    public void Add(long page)
    {
        var word = (int)(page >> 6);
        if (word >= _words.Length)
            Array.Resize(ref _words, Math.Max(word + 1, _words.Length * 2));
        Invariant.Holds((_words[word] & Mask(page)) == 0);
        _words[word] |= Mask(page);
        Count++;
        _lowestWord = Math.Min(_lowestWord, word);
    }

    public void Remove(long page)
    {
        var word = (int)(page >> 6);
        Invariant.Holds(word < _words.Length && (_words[word] & Mask(page)) != 0);
        _words[word] &= ~Mask(page);
        Count--;
    }

    /// <summary>Takes every page of [<paramref name="from"/>, <paramref name="to"/>) out of the set, whether it is in it or not.</summary>
    public void RemoveRange(long from, long to)
    {
        for (var index = (int)(from >> 6); index < _words.Length && (long)index << 6 < to; index++)
        {
            var mask = ulong.MaxValue;
            if (from >> 6 == index)
                mask &= ulong.MaxValue << (int)(from & 63);
            if (to >> 6 == index)
                mask &= Mask(to) - 1;
            Count -= BitOperations.PopCount(_words[index] & mask);
            _words[index] &= ~mask;
        }
    }

    /// <summary>The lowest page in the set; -1 when it is empty.</summary>
    public long Lowest()
    {
        if (Count == 0)
            return -1;
        while (_words[_lowestWord] == 0)
            _lowestWord++;
        return ((long)_lowestWord << 6) + BitOperations.TrailingZeroCount(_words[_lowestWord]);
    }

    /// <summary>The first page of the set at or after <paramref name="from"/>; -1 when there is none.</summary>
    public long NextIn(long from)
    {
        var index = (int)(from >> 6);
        if (index >= _words.Length)
            return -1;
        var word = _words[index] & (ulong.MaxValue << (int)(from & 63));
        while (word == 0)
        {
            if (++index >= _words.Length)
                return -1;
            word = _words[index];
        }
        return ((long)index << 6) + BitOperations.TrailingZeroCount(word);
    }

    /// <summary>The first page outside the set at or after <paramref name="from"/>, but not above <paramref name="limit"/>.</summary>
    public long NextOut(long from, long limit)
    {
        var index = (int)(from >> 6);
        var word = ~Word(index) & (ulong.MaxValue << (int)(from & 63));
        while (word == 0)
        {
            if ((long)++index << 6 >= limit)
                return limit;
            word = ~Word(index);
        }
        return Math.Min(limit, ((long)index << 6) + BitOperations.TrailingZeroCount(word));
    }

    /// <summary>The last page outside the set below <paramref name="limit"/>; -1 when all of them are in it.</summary>
    public long LastOut(long limit)
    {
        for (var index = (int)((limit - 1) >> 6); index >= 0; index--)
        {
            var word = ~Word(index);
            if ((limit - 1) >> 6 == index)
                word &= ulong.MaxValue >> (int)(63 - ((limit - 1) & 63));
            if (word != 0)
                return ((long)index << 6) + 63 - BitOperations.LeadingZeroCount(word);
        }
        return -1;
    }

    private static ulong Mask(long page) => 1UL << (int)(page & 63);
}
