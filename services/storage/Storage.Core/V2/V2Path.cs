using System.Buffers.Binary;
using System.Text;
using Storage.Contracts;

namespace Storage.Core.V2;

/// <summary>
/// Paths of the v2 tree, and the order in which nodes are kept: by depth (2 bytes big-endian), then path. So the children of a directory
/// lie together in byte order of their keys, and no deeper node lies between them.
/// </summary>
internal static class V2Path
{
    public const string Root = "/";

    /// <summary>Deeper than any path that a URL holds.</summary>
    public const int MaxDepth = 4_096;

    public static int Depth(string path) => path == Root ? 0 : path.AsSpan().Count('/');

    public static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : Root;

    public static string Join(string directory, string name) => directory == Root ? Root + name : $"{directory}/{name}";

    /// <summary>Left out of listings.</summary>
    public static bool IsHidden(string path) => path[path.LastIndexOf('/') + 1] == '_' || path == V2Internal.Root;

    /// <summary>As the gateway makes the paths of requests: no empty, "." or ".." part, nothing behind the last name; not the root.</summary>
    public static bool IsClean(string path)
    {
        if (path is not ['/', _, ..] || Depth(path) > MaxDepth)
            return false;
        foreach (var part in path.AsSpan(1).Split('/'))
        {
            if (path.AsSpan(1)[part] is "" or "." or "..")
                return false;
        }
        return true;
    }

    /// <summary>Key of a node in the ordered map.</summary>
    public static byte[] Key(string path) => Key(Depth(path), path);

    /// <summary>What the keys of all nodes <paramref name="levels"/> below a directory begin with.</summary>
    public static byte[] Below(string directory, int levels) =>
        Key(Depth(directory) + levels, directory == Root ? Root : directory + "/");

    /// <summary>Every prefix of a path that names a node: "/a", "/a/b", and the path itself.</summary>
    public static IEnumerable<string> Prefixes(string path)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
            yield return path[..slash];
        yield return path;
    }

    private static byte[] Key(int depth, string path)
    {
        var key = new byte[2 + Encoding.UTF8.GetByteCount(path)];
        BinaryPrimitives.WriteUInt16BigEndian(key, checked((ushort)depth));
        Encoding.UTF8.GetBytes(path, key.AsSpan(2));
        return key;
    }
}
