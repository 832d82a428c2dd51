using System.Runtime.CompilerServices;

namespace Storage.Core.Keys;

/// <summary>Sorts numbers, and what goes with them, byte by byte from the lowest on: what has the same number keeps its order.</summary>
internal sealed class HeadSort
{
    private const int Digits = sizeof(ulong), Values = 256;

    private readonly int[] _starts = new int[Digits * Values];
    private ulong[] _heads = [];
    private int[] _items = [];

    /// <summary>Sorts the first <paramref name="count"/>; the arrays are exchanged for others as long.</summary>
    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sort(ref ulong[] heads, ref int[] items, int count)
    {
        if (_heads.Length != heads.Length)
            (_heads, _items) = (new ulong[heads.Length], new int[items.Length]);
        Array.Clear(_starts);
        foreach (var head in heads.AsSpan(0, count))
        {
            for (var digit = 0; digit < Digits; digit++)
                _starts[(digit * Values) + (byte)(head >> (8 * digit))]++;
        }
        for (var digit = 0; digit < Digits; digit++)
        {
            var starts = _starts.AsSpan(digit * Values, Values);
            // Often all have the same byte.
            if (count == 0 || starts[(byte)(heads[0] >> (8 * digit))] == count)
                continue;
            var sum = 0;
            foreach (ref var start in starts)
                (start, sum) = (sum, sum + start);
            var (to, toItems) = (_heads, _items);
            for (var i = 0; i < count; i++)
            {
                var at = starts[(byte)(heads[i] >> (8 * digit))]++;
                (to[at], toItems[at]) = (heads[i], items[i]);
            }
            (_heads, heads) = (heads, _heads);
            (_items, items) = (items, _items);
        }
    }
}
