using System.Globalization;
using System.Text;

namespace ApiGateway.Core.V2;

/// <summary>Strings as Go's encoding/json writes them: HTML characters and the two line separators are escaped too.</summary>
public static class GoJson
{
    /// <summary>The string in quotes. Unpaired surrogates become U+FFFD, escaped as Go escapes invalid UTF-8.</summary>
    public static string Quote(string text)
    {
        var json = new StringBuilder(text.Length + 2).Append('"');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case '"': json.Append("\\\""); break;
                case '\\': json.Append("\\\\"); break;
                case '\n': json.Append("\\n"); break;
                case '\r': json.Append("\\r"); break;
                case '\t': json.Append("\\t"); break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    json.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                case var _ when char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]):
                    json.Append(c).Append(text[++i]);
                    break;
                case var _ when char.IsSurrogate(c): json.Append("\\ufffd"); break;
                default: json.Append(c); break;
            }
        }
        return json.Append('"').ToString();
    }

    /// <summary>A list of strings; "[]" when it is empty.</summary>
    public static string Quote(IEnumerable<string> texts) => $"[{string.Join(',', texts.Select(Quote))}]";
}
