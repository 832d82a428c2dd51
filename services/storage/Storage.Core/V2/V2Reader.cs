using System.Buffers;
using Storage.Core.Ordered;

namespace Storage.Core.V2;

/// <summary>Answers GET of the v2 API.</summary>
public static class V2Reader
{
    /// <summary>
    /// Writes the whole JSON object without a line end, or says why not. Children come in byte order of the key, whether asked for or not;
    /// hidden ones (name beginning with '_') are left out of every listing.
    /// </summary>
    public static V2Error? Read(V2View view, string path, bool recursive, long nowUnixNanos, IBufferWriter<byte> json)
    {
        V2Node? node = null;
        if (path != V2Path.Root)
        {
            node = view.Nodes.Find(path, out var error);
            if (error is not null)
                return error;
        }
        V2Json.Begin(json, "get");
        V2Json.Raw(json, ",\"node\":{"u8);
        if (node is null)
        {
            V2Json.Raw(json, "\"dir\":true"u8);
            Children(view.Nodes, V2Path.Root, recursive, nowUnixNanos, json);
            V2Json.End(json);
        }
        else
        {
            V2Json.Head(json, node, withValue: true, nowUnixNanos);
            if (node.IsDirectory)
                Children(view.Nodes, path, recursive, nowUnixNanos, json);
            V2Json.Tail(json, node);
        }
        V2Json.End(json);
        return null;
    }

    private static void Children(CowMapView<V2Node> nodes, string directory, bool recursive, long nowUnixNanos, IBufferWriter<byte> json)
    {
        var any = false;
        foreach (var child in nodes.Below(directory, 1))
        {
            if (V2Path.IsHidden(child.Path))
                continue;
            V2Json.Raw(json, any ? ",{"u8 : ",\"nodes\":[{"u8);
            any = true;
            V2Json.Head(json, child, withValue: true, nowUnixNanos);
            if (recursive && child.IsDirectory)
                Children(nodes, child.Path, recursive, nowUnixNanos, json);
            V2Json.Tail(json, child);
        }
        if (any)
            V2Json.Raw(json, "]"u8);
    }
}
