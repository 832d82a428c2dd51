namespace ApiGateway.Core.Watching;

/// <summary>Encoded events of a WatchResponse (field 11, repeated), without decoding them.</summary>
internal static class EventFields
{
    /// <summary>How many there are.</summary>
    public static int Count(ReadOnlySpan<byte> fields)
    {
        var count = 0;
        for (var at = 0; at < fields.Length; count++)
            at = EndOf(fields, at);
        return count;
    }

    /// <summary>What comes behind the first <paramref name="count"/>; there are at least so many.</summary>
    public static ReadOnlyMemory<byte> Skip(ReadOnlyMemory<byte> fields, int count)
    {
        var at = 0;
        for (; count > 0; count--)
            at = EndOf(fields.Span, at);
        return fields[at..];
    }

    // A tag of one byte, a varint, and as many bytes as it says.
    private static int EndOf(ReadOnlySpan<byte> fields, int at)
    {
        int length = 0, shift = 0;
        byte current;
        do
        {
            current = fields[++at];
            length |= (current & 0x7f) << shift;
            shift += 7;
        }
        while (current >= 0x80);
        return at + 1 + length;
    }
}
