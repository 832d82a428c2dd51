using System.Text;

namespace ApiGateway.Core.V2;

/// <summary>Percent-encoding as Go's net/url treats it.</summary>
public static class UrlText
{
    /// <summary>Decodes; on a bad escape false, with the offending piece (at most three characters) in <paramref name="bad"/>.</summary>
    /// <param name="text">Characters above 0x7f stand for themselves.</param>
    /// <param name="plusIsSpace">True in queries and forms.</param>
    /// <param name="decoded">Bytes that are no UTF-8 have become U+FFFD.</param>
    /// <param name="bad">The piece that is no escape.</param>
    public static bool TryDecode(ReadOnlySpan<char> text, bool plusIsSpace, out string decoded, out string bad)
    {
        bad = "";
        if (text.IndexOfAny('%', '+') < 0)
        {
            decoded = text.ToString();
            return true;
        }
        decoded = "";
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    bad = text[i..Math.Min(i + 3, text.Length)].ToString();
                    return false;
                }
                bytes[length++] = Convert.FromHexString(text.Slice(i + 1, 2))[0];
                i += 2;
            }
            else if (text[i] == '+' && plusIsSpace)
            {
                bytes[length++] = (byte)' ';
            }
            else
            {
                var units = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                length += Encoding.UTF8.GetBytes(text.Slice(i, units), bytes.AsSpan(length));
                i += units - 1;
            }
        }
        decoded = Encoding.UTF8.GetString(bytes, 0, length);
        return true;
    }

    /// <summary>Encodes a path the way Go prints one: what a path segment may hold stays.</summary>
    public static string EncodePath(string path)
    {
        const string Unescaped = "-_.~$&+,/:;=@";
        var encoded = new StringBuilder(path.Length);
        foreach (var b in Encoding.UTF8.GetBytes(path))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || Unescaped.Contains((char)b, StringComparison.Ordinal))
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(Convert.ToHexString([b]));
        }
        return encoded.ToString();
    }
}
