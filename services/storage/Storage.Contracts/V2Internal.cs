namespace Storage.Contracts;

/// <summary>
/// Where the v2 tree keeps what is not for clients: users and roles. They share the tree's index, log, snapshots and writes, and nothing else shows them: no listing has them, no
/// watch hears of them, and no request can name them, since a clean URL path has no "..".
/// </summary>
public static class V2Internal
{
    /// <summary>The directory of all of it.</summary>
    public const string Root = "/..";

    /// <summary>Is the path there?</summary>
    public static bool Contains(string path) => path.StartsWith(Root, StringComparison.Ordinal) && (path.Length == Root.Length || path[Root.Length] == '/');
}
