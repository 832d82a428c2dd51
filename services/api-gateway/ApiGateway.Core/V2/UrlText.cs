using System.Text;

namespace ApiGateway.Core.V2;

/// <summary>Percent-encoding as Go's net/url treats it.</summary>
public static class UrlText
{
    /// <summary>Decodes; on a bad escape false, with the offending piece (at most three bytes) in <paramref name="bad"/>.</summary>
    /// <param name="text">Bytes above 0x7f stand for themselves.</param>
    /// <param name="plusIsSpace">True in queries and forms.</param>
    /// <param name="decoded">Whatever bytes the text stands for; they need not be UTF-8.</param>
    /// <param name="bad">The piece that is no escape.</param>
    public static bool TryDecode(ReadOnlySpan<byte> text, bool plusIsSpace, out byte[] decoded, out string bad)
    {
        bad = "";
        if (text.IndexOfAny((byte)'%', (byte)'+') < 0)
        {
            decoded = text.ToArray();
            return true;
        }
        decoded = [];
        var bytes = new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit((char)text[i + 1]) || !char.IsAsciiHexDigit((char)text[i + 2]))
                {
                    bad = Encoding.UTF8.GetString(text[i..Math.Min(i + 3, text.Length)]);
                    return false;
                }
                b = Convert.FromHexString([(char)text[i + 1], (char)text[i + 2]])[0];
                i += 2;
            }
            else if (b == '+' && plusIsSpace)
            {
                b = (byte)' ';
            }
            bytes[length++] = b;
        }
        decoded = bytes[..length];
        return true;
    }

    /// <summary>Decodes a path; bytes that are no UTF-8 become U+FFFD.</summary>
    public static bool TryDecodePath(string text, out string decoded)
    {
        var isDecoded = TryDecode(Encoding.UTF8.GetBytes(text), plusIsSpace: false, out var bytes, out _);
        decoded = Encoding.UTF8.GetString(bytes);
        return isDecoded;
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
