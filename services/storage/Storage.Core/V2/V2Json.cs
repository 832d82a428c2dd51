using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Storage.Core.Reads;

namespace Storage.Core.V2;

/// <summary>
/// The JSON of the v2 API, byte for byte as etcd writes it: field order key, value, dir, expiration, ttl, nodes, modifiedIndex, createdIndex; strings
/// escaped as Go's encoder does by default.
/// </summary>
internal static class V2Json
{
    private const long NanosPerSecond = 1_000_000_000;

    /// <summary>Opens an answer: <c>{"action":"..."</c>.</summary>
    public static void Begin(IBufferWriter<byte> json, string action)
    {
        Raw(json, "{\"action\":\""u8);
        Raw(json, Encoding.ASCII.GetBytes(action));
        Raw(json, "\""u8);
    }

    public static void End(IBufferWriter<byte> json) => Raw(json, "}"u8);

    /// <summary>Writes a node as a named member of the answer. A null value leaves it out.</summary>
    public static void Member(IBufferWriter<byte> json, ReadOnlySpan<byte> name, V2Node node, bool withValue, long nowUnixNanos)
    {
        Raw(json, ",\""u8);
        Raw(json, name);
        Raw(json, "\":{"u8);
        Head(json, node, withValue, nowUnixNanos);
        Tail(json, node);
    }

    /// <summary>The fields in front of <c>nodes</c>.</summary>
    public static void Head(IBufferWriter<byte> json, V2Node node, bool withValue, long nowUnixNanos)
    {
        Raw(json, "\"key\":"u8);
        Text(json, Encoding.UTF8.GetBytes(node.Path));
        if (withValue && !node.IsDirectory)
        {
            Raw(json, ",\"value\":"u8);
            Text(json, node.Value);
        }
        if (node.IsDirectory)
            Raw(json, ",\"dir\":true"u8);
        if (node.ExpiresAtUnixNanos is not { } expires)
            return;
        Raw(json, ",\"expiration\":\""u8);
        Time(json, expires);
        Raw(json, "\""u8);
        var left = expires - nowUnixNanos;
        if (left <= 0)
            return;
        Raw(json, ",\"ttl\":"u8);
        Number(json, (left / NanosPerSecond) + (left % NanosPerSecond > 0 ? 1 : 0));
    }

    /// <summary>The fields behind <c>nodes</c>, and the end of the node.</summary>
    public static void Tail(IBufferWriter<byte> json, V2Node node)
    {
        Raw(json, ",\"modifiedIndex\":"u8);
        Number(json, node.ModifiedIndex);
        Raw(json, ",\"createdIndex\":"u8);
        Number(json, node.CreatedIndex);
        End(json);
    }

    public static void Raw(IBufferWriter<byte> json, ReadOnlySpan<byte> text) => json.Write(text);

    private static void Number(IBufferWriter<byte> json, long value)
    {
        Utf8Formatter.TryFormat(value, json.GetSpan(20), out var written);
        json.Advance(written);
    }

    // RFC 3339 in UTC, with as many of nine fractional digits as are needed.
    private static void Time(IBufferWriter<byte> json, long unixNanos)
    {
        var seconds = Math.DivRem(unixNanos, NanosPerSecond, out var nanos);
        if (nanos < 0)
            (seconds, nanos) = (seconds - 1, nanos + NanosPerSecond);
        var text = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss");
        if (nanos != 0)
            text += "." + nanos.ToString("D9").TrimEnd('0');
        Raw(json, Encoding.ASCII.GetBytes(text + "Z"));
    }

    private static void Text(IBufferWriter<byte> json, ReadOnlySpan<byte> utf8)
    {
        Raw(json, "\""u8);
        var start = 0;
        for (var i = 0; i < utf8.Length; i++)
        {
            var b = utf8[i];
            if (b is >= 0x20 and < 0x80 and not ((byte)'"' or (byte)'\\' or (byte)'<' or (byte)'>' or (byte)'&'))
                continue;
            var width = 1;
            var escape = b < 0x80 ? Escape(b) : EscapeOf(utf8[i..], out width);
            if (!escape.IsEmpty)
            {
                Raw(json, utf8[start..i]);
                Raw(json, escape);
                start = i + width;
            }
            i += width - 1;
        }
        Raw(json, utf8[start..]);
        Raw(json, "\""u8);
    }

    // Beyond ASCII: empty for what stays as it is. Of bytes that are no UTF-8, each is replaced by itself.
    private static ReadOnlySpan<byte> EscapeOf(ReadOnlySpan<byte> utf8, out int width)
    {
        if (Rune.DecodeFromUtf8(utf8, out var rune, out width) != OperationStatus.Done)
        {
            width = 1;
            return "\\ufffd"u8;
        }
        return rune.Value switch
        {
            0x2028 => "\\u2028"u8,
            0x2029 => "\\u2029"u8,
            _ => default,
        };
    }

    private static ReadOnlySpan<byte> Escape(byte b) => b switch
    {
        (byte)'"' => "\\\""u8,
        (byte)'\\' => "\\\\"u8,
        (byte)'\n' => "\\n"u8,
        (byte)'\r' => "\\r"u8,
        (byte)'\t' => "\\t"u8,
        _ => Encoding.ASCII.GetBytes($"\\u{(int)b:x4}"),
    };
}
