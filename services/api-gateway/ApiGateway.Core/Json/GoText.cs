using System.Globalization;
using System.Text;

namespace ApiGateway.Core.Json;

/// <summary>Bytes and strings as Go's error texts show them.</summary>
internal static class GoText
{
    /// <summary>One byte, taken for the character of that number, in single quotes.</summary>
    public static string QuoteChar(byte c) => c switch
    {
        (byte)'\'' => "'\\''",
        (byte)'"' => "'\"'",
        _ => $"'{Escaped((char)c)}'",
    };

    /// <summary>A string in double quotes.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            quoted.Append(c == '"' ? "\\\"" : Escaped(c));
        return quoted.Append('"').ToString();
    }

    private static string Escaped(char c) => c switch
    {
        '\\' => "\\\\",
        '\a' => "\\a",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\v' => "\\v",
        < ' ' or '\x7f' => "\\x" + ((int)c).ToString("x2", CultureInfo.InvariantCulture),
        >= '\x80' and < '\xa1' or '\xad' => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
        _ => c.ToString(),
    };
}
