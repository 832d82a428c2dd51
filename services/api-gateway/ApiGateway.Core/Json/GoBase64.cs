namespace ApiGateway.Core.Json;

/// <summary>Base64 with padding as Go reads it: line ends are skipped wherever they stand, and an error names the byte.</summary>
internal static class GoBase64
{
    /// <summary>Decodes the text.</summary>
    /// <returns>-1, or the index in the UTF-8 of the text at which it is wrong.</returns>
    public static int TryDecode(string text, out byte[] bytes)
    {
        // Nearly all of it is well formed, and then this is the fast way.
        if (!text.AsSpan().ContainsAny(" \t"))
        {
            var decoded = new byte[(text.Length / 4 * 3) + 3];
            if (Convert.TryFromBase64String(text, decoded, out var written))
            {
                bytes = decoded[..written];
                return -1;
            }
        }
        bytes = [];
        return FindError(System.Text.Encoding.UTF8.GetBytes(text));
    }

    private static int FindError(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is (byte)'\r' or (byte)'\n')
                continue;
            if (IsDigit(c))
            {
                digits++;
                continue;
            }
            if (c != '=' || digits % 4 < 2)
                return i;
            return PaddingError(text, i, digits % 4 == 2 ? 1 : 0);
        }
        // Cut short: Go names the start of what is no whole quantum.
        return text.Length - (digits % 4);
    }

    // Behind the first padding sign: so many more, then nothing but line ends.
    private static int PaddingError(ReadOnlySpan<byte> text, int at, int more)
    {
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] is (byte)'\r' or (byte)'\n')
                continue;
            if (more == 0)
                return i;
            if (text[i] != '=')
                return i - 1;
            more--;
        }
        return text.Length;
    }

    private static bool IsDigit(byte c) => char.IsAsciiLetterOrDigit((char)c) || c is (byte)'+' or (byte)'/';
}
