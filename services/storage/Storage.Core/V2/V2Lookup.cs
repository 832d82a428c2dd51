using Storage.Core.Ordered;

namespace Storage.Core.V2;

/// <summary>Finding nodes, for the owner and for readers of a view alike.</summary>
internal static class V2Lookup
{
    /// <summary>
    /// The node at a path, or why there is none: the shortest missing prefix (100), or the file that the path runs through (104).
    /// The root is no node: callers deal with it first.
    /// </summary>
    public static V2Node? Find(this CowMapView<V2Node> nodes, string path, out V2Error? error)
    {
        error = null;
        // A node's parents are all directories, so a path that is there needs no walk.
        if (nodes.Find(V2Path.Key(path)) is { } found)
            return found;
        foreach (var prefix in V2Path.Prefixes(path))
        {
            var node = nodes.Find(V2Path.Key(prefix));
            if (node is { IsDirectory: true })
                continue;
            error = node is null ? new V2Error(V2Error.KeyNotFound, prefix) : new V2Error(V2Error.NotADirectory, prefix);
            return null;
        }
        throw new InvalidOperationException("a path that is missing has a first missing part");
    }

    /// <summary>Everything <paramref name="levels"/> levels below a directory, in byte order of the key.</summary>
    public static List<V2Node> Below(this CowMapView<V2Node> nodes, string directory, int levels)
    {
        var prefix = V2Path.Below(directory, levels);
        var found = new List<V2Node>();
        var cursor = nodes.Seek(prefix);
        while (cursor.MoveNext() && cursor.Key.AsSpan().StartsWith(prefix))
            found.Add(cursor.Value);
        return found;
    }

    public static bool IsEmptyDirectory(this CowMapView<V2Node> nodes, string directory)
    {
        var prefix = V2Path.Below(directory, 1);
        var cursor = nodes.Seek(prefix);
        return !(cursor.MoveNext() && cursor.Key.AsSpan().StartsWith(prefix));
    }
}
