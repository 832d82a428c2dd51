using System.Globalization;
using System.Text.Json;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>
/// etcd's v2 store as its snapshots hold it: <c>{"Root":NODE,"CurrentIndex":N,...}</c>, a node being <c>{"Path","CreatedIndex","ModifiedIndex","ExpireTime","Value","Children"}</c>, its children by name and
/// null when it is a file. Of what is below the root, "1" is the key space, "0" the members, "2" users and roles.
/// </summary>
internal static class StoreDump
{
    private const string KeySpace = "1", Access = "2";

    /// <summary>A directory of the key space; null: there is none, nor a key of that name. What has ended is not there.</summary>
    /// <param name="json">The store.</param>
    /// <param name="root">Path of the directory, as <see cref="KeyPath.Clean"/> makes it.</param>
    /// <param name="now">Decides what has ended.</param>
    /// <exception cref="JsonException">It is no such store.</exception>
    public static SourceTree? Read(ReadOnlyMemory<byte> json, string root, DateTimeOffset now)
    {
        using var document = Parse(json);
        var store = document.RootElement;
        if (ChildrenOf(SpacesOf(store), KeySpace) is null)
            throw new JsonException("there is no v2 store in it");
        var top = SpacesOf(store).GetProperty(KeySpace);
        var path = "/" + KeySpace;
        foreach (var name in root.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path += "/" + name;
            if (ChildrenOf(top) is not { } children || !children.TryGetProperty(name, out top) || NodeOf(path, top).Expiration <= now)
                return null;
        }
        return new SourceTree(NodesOf(path, top, now), V2Answer.NumberOf(store, "CurrentIndex")) { IsFinal = true };
    }

    /// <summary>Users and roles: <c>/2/roles/NAME</c> and <c>/2/users/NAME</c>, each a key with JSON. There are none before the first was made.</summary>
    /// <exception cref="JsonException">It is no such store.</exception>
    public static V2Access ReadAccess(ReadOnlyMemory<byte> json)
    {
        using var document = Parse(json);
        var access = ChildrenOf(SpacesOf(document.RootElement), Access);
        return new V2Access(All("roles", V2Role.Parse), All("users", V2User.Parse));

        List<T> All<T>(string folder, Func<JsonElement, T> parse)
        {
            var all = new List<T>();
            if (access is not { } there || ChildrenOf(there, folder) is not { } entries)
                return all;
            foreach (var entry in entries.EnumerateObject())
            {
                using var value = JsonDocument.Parse(V2Answer.TextOf(entry.Value, "Value"));
                all.Add(parse(value.RootElement));
            }
            return all;
        }
    }

    // Directories may lie as deep in each other as a request is long; nothing here descends by recursion.
    private static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = int.MaxValue });

    private static JsonElement SpacesOf(JsonElement store) =>
        store.ValueKind == JsonValueKind.Object && store.TryGetProperty("Root", out var root) && ChildrenOf(root) is { } spaces ? spaces : throw new JsonException("there is no v2 store in it");

    private static JsonElement? ChildrenOf(JsonElement children, string name) => children.TryGetProperty(name, out var node) ? ChildrenOf(node) : null;

    private static List<(string Path, V2Node Node)> NodesOf(string root, JsonElement top, DateTimeOffset now)
    {
        var nodes = new List<(string Path, V2Node Node)>();
        var open = new Stack<(string Path, JsonElement Node)>([(root, top)]);
        while (open.TryPop(out var next))
        {
            var node = NodeOf(next.Path, next.Node);
            if (node.Expiration <= now)
                continue; // With all that is in it.
            if (next.Path.Length > root.Length || !node.IsDirectory)
                nodes.Add((next.Path[root.Length..], node));
            if (!node.IsDirectory)
                continue;
            foreach (var child in ChildrenOf(next.Node)!.Value.EnumerateObject())
                open.Push(($"{next.Path}/{NameOf(child)}", child.Value));
        }
        return nodes;
    }

    private static JsonElement? ChildrenOf(JsonElement node) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("Children", out var children) && children.ValueKind == JsonValueKind.Object ? children : null;

    private static V2Node NodeOf(string path, JsonElement node)
    {
        if (node.ValueKind != JsonValueKind.Object || !node.TryGetProperty("Children", out var children) || children.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
            throw new JsonException($"{path} is no node");
        if (V2Answer.TextOf(node, "Path") != path)
            throw new JsonException($"{path} says that it is another node");
        return new V2Node(
            path, children.ValueKind == JsonValueKind.Object ? null : V2Answer.TextOf(node, "Value"),
            V2Answer.NumberOf(node, "CreatedIndex"), V2Answer.NumberOf(node, "ModifiedIndex"), [])
        {
            Expiration = EndOf(path, V2Answer.TextOf(node, "ExpireTime")),
        };
    }

    // Never, in etcd, is the beginning of Go's time.
    private static DateTimeOffset? EndOf(string path, string time) =>
        !DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? throw new JsonException($"{path} has no time of expiry")
        : at.UtcDateTime.Year > 1 ? at
        : null;

    // Whatever else it were, a URL would make another path of it.
    private static string NameOf(JsonProperty child)
    {
        try
        {
            return child.Name is "" or "." or ".." || child.Name.Contains('/', StringComparison.Ordinal) ? throw new JsonException($"\"{child.Name}\" is no name of a node") : child.Name;
        }
        catch (InvalidOperationException malformed)
        {
            throw new JsonException($"the name of a node: {malformed.Message}", malformed);
        }
    }
}
