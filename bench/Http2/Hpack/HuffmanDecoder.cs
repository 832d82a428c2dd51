namespace Bench.Http2.Hpack;

/// <summary>
/// Decodes HPACK's Huffman code (RFC 7541 Appendix B). The code is canonical: the lengths alone define it,
/// codes of one length are consecutive and in the order of their symbols.
/// </summary>
internal static class HuffmanDecoder
{
    private const int MaxBits = 30;
    private const int EndOfString = 256;

    // Bits of the code of each byte value, 16 values a row; the end-of-string symbol has 30.
    private static ReadOnlySpan<byte> CodeBits =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        MaxBits,
    ];

    // Per length: the first code, how many codes there are, and where their symbols start in Symbols.
    private static readonly uint[] FirstCode = new uint[MaxBits + 1];
    private static readonly uint[] CodeCount = new uint[MaxBits + 1];
    private static readonly int[] FirstSymbol = new int[MaxBits + 1];
    private static readonly ushort[] Symbols = new ushort[EndOfString + 1];

    static HuffmanDecoder()
    {
        var next = 0;
        uint code = 0;
        for (var bits = 1; bits <= MaxBits; bits++)
        {
            code <<= 1;
            FirstCode[bits] = code;
            FirstSymbol[bits] = next;
            for (var symbol = 0; symbol < CodeBits.Length; symbol++)
            {
                if (CodeBits[symbol] == bits)
                    Symbols[next++] = (ushort)symbol;
            }
            CodeCount[bits] = (uint)(next - FirstSymbol[bits]);
            code += CodeCount[bits];
        }
        // A complete code ends exactly at the all-ones word: this catches a wrong length in the table.
        if (code != 1u << MaxBits)
            throw new InvalidOperationException("the Huffman code lengths do not form a complete code");
    }

    /// <summary>Decodes into <paramref name="target"/>; the count of bytes written, or -1 when the input is malformed or too long.</summary>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        uint code = 0;
        var bits = 0;
        var written = 0;
        foreach (var octet in source)
        {
            for (var shift = 7; shift >= 0; shift--)
            {
                code = (code << 1) | ((uint)(octet >> shift) & 1);
                if (++bits > MaxBits)
                    return -1;
                var rank = code - FirstCode[bits];
                if (code < FirstCode[bits] || rank >= CodeCount[bits])
                    continue;
                var symbol = Symbols[FirstSymbol[bits] + (int)rank];
                if (symbol == EndOfString || written == target.Length)
                    return -1;
                target[written++] = (byte)symbol;
                code = 0;
                bits = 0;
            }
        }
        // What is left must be padding: fewer than eight bits, all ones (RFC 7541 §5.2).
        return bits < 8 && code == (1u << bits) - 1 ? written : -1;
    }
}
