using System.Buffers.Text;

namespace Bench.Store;

/// <summary>Keys of 32 bytes: a common prefix of 16, then 16 hexadecimal digits that jump about as the number counts up, each number another key.</summary>
internal static class StoreKeys
{
    public const int Bytes = 32;

    private static ReadOnlySpan<byte> Prefix => "/registry/items/"u8;

    public static void Write(int number, Span<byte> target)
    {
        Prefix.CopyTo(target);
        if (!Utf8Formatter.TryFormat(Scramble((ulong)number), target.Slice(16, 16), out _, new System.Buffers.StandardFormat('x', 16)))
            throw new InvalidOperationException("16 digits did not fit into 16 bytes");
    }

    // SplitMix64: each step can be undone, so different numbers stay different.
    private static ulong Scramble(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
