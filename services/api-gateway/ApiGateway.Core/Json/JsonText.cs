using System.Text;

namespace ApiGateway.Core.Json;

/// <summary>What a JSON value that <see cref="JsonScanner"/> has found whole is made of.</summary>
internal static class JsonText
{
    public static ReadOnlySpan<byte> Null => "null"u8;

    /// <summary>Without the white space around it.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> json) => json.Trim(" \t\r\n"u8);

    /// <summary>What Go calls the kind of a value.</summary>
    public static string KindOf(ReadOnlySpan<byte> value) => (char)value[0] switch
    {
        '{' => "object",
        '[' => "array",
        '"' => "string",
        't' or 'f' => "bool",
        _ => "number",
    };

    /// <summary>The characters of a string. What is no UTF-8, and half a surrogate pair, becomes U+FFFD, as in Go.</summary>
    public static string Unquote(ReadOnlySpan<byte> value)
    {
        var content = value[1..^1];
        if (!content.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(content);
        var text = new StringBuilder(content.Length);
        while (!content.IsEmpty)
        {
            var slash = content.IndexOf((byte)'\\');
            text.Append(Encoding.UTF8.GetString(slash < 0 ? content : content[..slash]));
            if (slash < 0)
                break;
            content = content[(slash + 1)..];
            text.Append(Unescape(ref content));
        }
        return Whole(text);
    }

    private static char Unescape(ref ReadOnlySpan<byte> content)
    {
        var c = (char)content[0];
        var length = c == 'u' ? 5 : 1;
        var unescaped = c switch
        {
            'u' => (char)Convert.ToInt32(Encoding.ASCII.GetString(content[1..5]), 16),
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => c,
        };
        content = content[length..];
        return unescaped;
    }

    private static string Whole(StringBuilder text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                text[i] = '\ufffd';
        }
        return text.ToString();
    }

    /// <summary>The parts of an object or an array, one after the other; for an object, keys and values in turn.</summary>
    public static PartEnumerator PartsOf(ReadOnlySpan<byte> value) => new(value[1..^1]);

    /// <summary>Goes over the parts.</summary>
    public ref struct PartEnumerator(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        /// <summary>The part, without white space around it.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        public bool MoveNext()
        {
            _rest = _rest.TrimStart(" \t\r\n,:"u8);
            if (_rest.IsEmpty)
                return false;
            var end = EndOf(_rest);
            Current = Trim(_rest[..end]);
            _rest = _rest[end..];
            return true;
        }

        // Where the value at the start ends: behind its closing bracket, its quote, or before what separates it.
        private static int EndOf(ReadOnlySpan<byte> json)
        {
            var depth = 0;
            for (var i = 0; i < json.Length; i++)
            {
                switch ((char)json[i])
                {
                    case '"':
                        i = QuoteEnd(json, i);
                        if (depth == 0)
                            return i + 1;
                        break;
                    case '{' or '[':
                        depth++;
                        break;
                    case '}' or ']' when --depth == 0:
                        return i + 1;
                    case ',' or ':' when depth == 0:
                        return i;
                }
            }
            return json.Length;
        }

        private static int QuoteEnd(ReadOnlySpan<byte> json, int at)
        {
            for (at++; json[at] != '"'; at++)
                at += json[at] == '\\' ? 1 : 0;
            return at;
        }
    }
}
