using Storage.Contracts;
using Storage.Core.History;

namespace Storage.Core.V2;

/// <summary>What a change of a v3 key does to the file that it is. Whether that can be is known before.</summary>
public sealed partial class V2Tree
{
    /// <summary>Every file, by depth and path.</summary>
    internal List<V2Node> Files()
    {
        var files = new List<V2Node>();
        var cursor = _nodes.Peek().Seek([]);
        while (cursor.MoveNext())
        {
            if (!cursor.Value.IsDirectory)
                files.Add(cursor.Value);
        }
        return files;
    }

    internal V2Node? Find(string path) => _nodes.Find(V2Path.Key(path));

    /// <summary>A set without TTL.</summary>
    internal void FollowPut(string path, byte[] value, long nowUnixNanos, ApplySpan? span)
    {
        var replaced = Find(path);
        Invariant.Holds(replaced is not { IsDirectory: true });
        var node = Place(path, isDirectory: false, value, deadline: null, replaced);
        Emit("set", node, replaced, FeedEventKind.Put, nowUnixNanos, span);
    }

    /// <summary>A delete, or an expiry. The directory stays, as it does after a delete of v2's own.</summary>
    internal void FollowDelete(string path, string action, long nowUnixNanos, ApplySpan? span)
    {
        var node = Find(path);
        Invariant.Holds(node is { IsDirectory: false });
        RemoveNode(node);
        Emit(action, node with { ModifiedIndex = Index + 1 }, node, FeedEventKind.Delete, nowUnixNanos, span);
    }
}
