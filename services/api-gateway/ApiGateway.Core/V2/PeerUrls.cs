using System.Text.Json;

namespace ApiGateway.Core.V2;

/// <summary>Peer URLs of a membership change, in v2 the body <c>{"peerURLs":["http://10.0.0.1:2380"]}</c>.</summary>
public static class PeerUrls
{
    /// <summary>Trims and sorts a list; etcd's words for what is wrong with it, "" when nothing is.</summary>
    public static string Normalize(IEnumerable<string> given, out IReadOnlyList<string> urls)
    {
        var trimmed = given.Select(static url => url.Trim()).ToList();
        var error = Check(trimmed);
        trimmed.Sort(StringComparer.Ordinal);
        urls = trimmed;
        return error;
    }

    /// <summary>Reads the list; etcd's words for what is wrong with it, "" when nothing is.</summary>
    public static string Parse(ReadOnlySpan<byte> json, out IReadOnlyList<string> urls)
    {
        var found = new List<string>();
        urls = found;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (TryRead(ref reader, found))
                return Normalize(found, out urls);
            return "json: cannot unmarshal the body into a list of peer URLs";
        }
        catch (JsonException broken)
        {
            return Describe(json, broken);
        }
    }

    private static bool TryRead(ref Utf8JsonReader reader, List<string> into)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in document.RootElement.EnumerateObject())
        {
            // Go takes no notice of the case of a member's name.
            if (!member.Name.Equals("peerURLs", StringComparison.OrdinalIgnoreCase) || member.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (member.Value.ValueKind != JsonValueKind.Array)
                return false;
            into.Clear();
            foreach (var url in member.Value.EnumerateArray())
            {
                if (url.ValueKind != JsonValueKind.String)
                    return false;
                into.Add(url.GetString()!);
            }
        }
        return true;
    }

    private static string Check(List<string> urls)
    {
        if (urls.Count == 0)
            return "no valid URLs given";
        foreach (var url in urls)
        {
            var schemeEnd = url.IndexOf("://", StringComparison.Ordinal);
            if (schemeEnd < 0 || url[..schemeEnd] is not ("http" or "https" or "unix" or "unixs"))
                return $"URL scheme must be http, https, unix, or unixs: {url}";
            var rest = url.AsSpan(schemeEnd + 3);
            var hostEnd = rest.IndexOfAny("/?#");
            if (!IsHostAndPort(hostEnd < 0 ? rest : rest[..hostEnd]))
                return $"URL address does not have the form \"host:port\": {url}";
            if (hostEnd >= 0 && rest[hostEnd] == '/')
                return $"URL must not contain a path: {url}";
        }
        return "";
    }

    // One colon, but for an address in brackets.
    private static bool IsHostAndPort(ReadOnlySpan<char> authority)
    {
        var user = authority.LastIndexOf('@');
        var host = authority[(user + 1)..];
        if (host.StartsWith('['))
        {
            var close = host.IndexOf(']');
            return close > 0 && host[(close + 1)..].StartsWith(':') && !host[(close + 2)..].Contains(':');
        }
        return host.Count(':') == 1;
    }

    private static string Describe(ReadOnlySpan<byte> json, JsonException broken)
    {
        var at = Offset(json, broken);
        return at < json.Length ? $"invalid character '{(char)json[at]}' looking for beginning of value" : "unexpected end of JSON input";
    }

    // The exception counts lines and bytes within the line.
    private static int Offset(ReadOnlySpan<byte> json, JsonException broken)
    {
        var offset = 0;
        for (var line = broken.LineNumber ?? 0; line > 0; line--)
            offset += json[offset..].IndexOf((byte)'\n') + 1;
        return offset + (int)(broken.BytePositionInLine ?? 0);
    }
}
