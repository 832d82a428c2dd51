namespace Standalone.Flags;

/// <summary>Comma lists of member URLs, under etcd's rules for them.</summary>
internal static class MemberUrls
{
    /// <summary>The URLs of a list, sorted as etcd keeps them; empty for an empty text.</summary>
    public static IReadOnlyList<string> Split(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    /// <summary>What etcd says against the list; null when nothing.</summary>
    public static string? Complaint(string text)
    {
        foreach (var part in text.Split(','))
        {
            var url = part.Trim();
            if (url.Length == 0 && text.Length == 0)
                return null;
            if (OneComplaint(url) is { } complaint)
                return complaint;
        }
        return null;
    }

    private static string? OneComplaint(string url)
    {
        var schemeEnd = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = schemeEnd < 0 ? "" : url[..schemeEnd];
        if (scheme is "unix" or "unixs")
            return null;
        if (scheme is not ("http" or "https"))
            return $"URL scheme must be http, https, unix, or unixs: {url}";
        var rest = url[(schemeEnd + 3)..];
        var slash = rest.IndexOf('/');
        var authority = slash < 0 ? rest : rest[..slash];
        var colon = authority.LastIndexOf(':');
        if (colon < 0 || authority.EndsWith(']'))
            return $"URL address does not have the form \"host:port\": {url}";
        if (!ushort.TryParse(authority[(colon + 1)..], out _))
            return $"parse \"{url}\": invalid port \"{authority[colon..]}\" after host";
        return slash >= 0 ? $"URL must not contain a path: {url}" : null;
    }
}
