using System.Numerics;

namespace Linearizability.Checking;

/// <summary>A set of operations by number, with its hash kept up to date (Zobrist): adding and removing cost the same however large it is.</summary>
internal sealed class OperationSet(int size)
{
    private readonly ulong[] _words = new ulong[(size + 63) / 64];

    public ulong Hash { get; private set; }

    public void Toggle(int operation)
    {
        _words[operation >> 6] ^= 1UL << (operation & 63);
        Hash ^= Mix((ulong)operation);
    }

    /// <summary>
    /// The set, small: since operations are added roughly in their order, nearly all of it is "everything up to here", and only the words between the first
    /// that is not full and the last that is not empty are kept.
    /// </summary>
    public CompactSet Compact()
    {
        var from = 0;
        while (from < _words.Length && _words[from] == ulong.MaxValue)
            from++;
        var to = _words.Length;
        while (to > from && _words[to - 1] == 0)
            to--;
        return new(from, _words[from..to]);
    }

    // SplitMix64's finaliser: spreads consecutive numbers over all bits.
    private static ulong Mix(ulong x)
    {
        x = (x + 1) * 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return BitOperations.RotateLeft(x ^ (x >> 31), 17);
    }
}

/// <summary>An immutable set: all words below <paramref name="From"/> are full, those in <paramref name="Words"/> follow, the rest are empty.</summary>
internal readonly record struct CompactSet(int From, ulong[] Words) : IEquatable<CompactSet>
{
    public bool Equals(CompactSet other) => From == other.From && Words.AsSpan().SequenceEqual(other.Words);

    public override int GetHashCode() => HashCode.Combine(From, Words.Length);
}
