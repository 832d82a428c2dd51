using System.Text;

namespace Bench.Http2.Hpack;

/// <summary>The static header table (RFC 7541 Appendix A), indexes 1 to 61.</summary>
internal static class StaticTable
{
    /// <summary>Number of entries; dynamic entries start at the next index.</summary>
    public const int Count = 61;

    private static readonly HeaderField[] Fields = Build(
        ":authority", ":method=GET", ":method=POST", ":path=/", ":path=/index.html", ":scheme=http", ":scheme=https",
        ":status=200", ":status=204", ":status=206", ":status=304", ":status=400", ":status=404", ":status=500",
        "accept-charset", "accept-encoding=gzip, deflate", "accept-language", "accept-ranges", "accept",
        "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition",
        "content-encoding", "content-language", "content-length", "content-location", "content-range", "content-type",
        "cookie", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "last-modified", "link", "location", "max-forwards", "proxy-authenticate",
        "proxy-authorization", "range", "referer", "refresh", "retry-after", "server", "set-cookie",
        "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate");

    /// <summary>The entry at <paramref name="index"/>, 1 to 61.</summary>
    public static HeaderField At(int index) => Fields[index - 1];

    private static HeaderField[] Build(params string[] entries)
    {
        if (entries.Length != Count)
            throw new InvalidOperationException($"the static table has {entries.Length} entries, RFC 7541 has {Count}");
        return [.. entries.Select(Parse)];
    }

    private static HeaderField Parse(string entry)
    {
        var split = entry.IndexOf('=', StringComparison.Ordinal);
        return split < 0
            ? new HeaderField(Encoding.ASCII.GetBytes(entry), [])
            : new HeaderField(Encoding.ASCII.GetBytes(entry[..split]), Encoding.ASCII.GetBytes(entry[(split + 1)..]));
    }
}
