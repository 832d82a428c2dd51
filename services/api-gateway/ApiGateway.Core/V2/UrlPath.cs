namespace ApiGateway.Core.V2;

/// <summary>Cleans URL paths the way Go's HTTP router does.</summary>
public static class UrlPath
{
    /// <summary>
    /// The canonical form: one slash between segments, no "." or "..", a trailing slash kept. A request for any other form is
    /// answered with a redirect to this one.
    /// </summary>
    public static string Clean(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment is "" or ".")
                continue;
            if (segment != "..")
                segments.Add(segment);
            else if (segments.Count > 0)
                segments.RemoveAt(segments.Count - 1);
        }
        var clean = "/" + string.Join('/', segments);
        return path.EndsWith('/') && clean.Length > 1 ? clean + "/" : clean;
    }

    /// <summary>The node that a path below "/v2/keys" names: clean, without a trailing slash, "/" for the root.</summary>
    public static string NodePath(string cleanPathAfterPrefix)
    {
        var path = cleanPathAfterPrefix.TrimEnd('/');
        return path.Length == 0 ? "/" : path;
    }
}
