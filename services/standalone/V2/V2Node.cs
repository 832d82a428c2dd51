using System.Globalization;
using System.Text.Json;

namespace Standalone.V2;

/// <summary>A key of a v2 key space.</summary>
/// <param name="Key">Its path; "" for the root.</param>
/// <param name="Value">Null: it is a directory.</param>
/// <param name="Nodes">What is in it, as far as it was asked for.</param>
internal sealed record V2Node(string Key, string? Value, ulong CreatedIndex, ulong ModifiedIndex, IReadOnlyList<V2Node> Nodes)
{
    /// <summary>When it ends; null: never.</summary>
    public DateTimeOffset? Expiration { get; init; }

    public bool IsDirectory => Value is null;

    /// <summary>The last part of the path.</summary>
    public string Name => Key[(Key.LastIndexOf('/') + 1)..];

    /// <exception cref="JsonException">It is none.</exception>
    public static V2Node Read(JsonElement node)
    {
        if (node.ValueKind != JsonValueKind.Object)
            throw new JsonException("a node is no object");
        var isDirectory = node.TryGetProperty("dir", out var dir) && dir.ValueKind == JsonValueKind.True;
        var nodes = node.TryGetProperty("nodes", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(Read).ToArray() : [];
        return new V2Node(
            V2Answer.TextOf(node, "key"), isDirectory ? null : V2Answer.TextOf(node, "value"), V2Answer.NumberOf(node, "createdIndex"), V2Answer.NumberOf(node, "modifiedIndex"), nodes)
        {
            Expiration = DateTimeOffset.TryParse(V2Answer.TextOf(node, "expiration"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
        };
    }
}
