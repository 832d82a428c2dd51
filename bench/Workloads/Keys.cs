using System.Buffers.Text;

namespace Bench.Workloads;

/// <summary>Keys of eight bytes: a letter that separates the loads and a number of seven digits.</summary>
internal static class Keys
{
    public const int Bytes = 8;

    /// <summary>Writes key <paramref name="number"/> (below ten million).</summary>
    public static void Write(byte family, int number, Span<byte> target)
    {
        target[0] = family;
        if (!Utf8Formatter.TryFormat(number, target.Slice(1, 7), out _, new System.Buffers.StandardFormat('D', 7)))
            throw new ArgumentOutOfRangeException(nameof(number), number, "keys have seven digits");
    }
}
