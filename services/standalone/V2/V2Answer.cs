using System.Globalization;
using System.Text.Json;

namespace Standalone.V2;

/// <summary>An answer of a v2 key space, as far as a client of it needs it.</summary>
/// <param name="Action">What happened: "get", "set", "create", ...</param>
/// <param name="Node">The key in question.</param>
/// <param name="Index">The state of the key space then, from the header.</param>
internal sealed record V2Answer(string Action, V2Node Node, ulong Index)
{
    /// <summary>How far the server's clock is ahead of ours, less a second at most: what it says is rounded down.</summary>
    public TimeSpan ClockAhead { get; init; }

    /// <exception cref="JsonException">It is no answer of a v2 key space.</exception>
    public static V2Answer Read(byte[] body, ulong index)
    {
        using var json = Parse(body);
        return new V2Answer(TextOf(json.RootElement, "action"), V2Node.Read(Property(json.RootElement, "node")), index);
    }

    /// <exception cref="JsonException">It is no such error.</exception>
    public static V2Error ReadError(byte[] body)
    {
        using var json = Parse(body);
        return new V2Error((int)NumberOf(json.RootElement, "errorCode"), TextOf(json.RootElement, "message"), TextOf(json.RootElement, "cause"), NumberOf(json.RootElement, "index"));
    }

    internal static string TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    internal static ulong NumberOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number) ? number : 0;

    private static JsonDocument Parse(byte[] body)
    {
        var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 1000 });
        if (json.RootElement.ValueKind == JsonValueKind.Object)
            return json;
        json.Dispose();
        throw new JsonException("not an object");
    }

    private static JsonElement Property(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : throw new JsonException($"no {name}");
}

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

    public static V2Node Read(JsonElement node)
    {
        var isDirectory = node.TryGetProperty("dir", out var dir) && dir.ValueKind == JsonValueKind.True;
        var nodes = node.TryGetProperty("nodes", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(Read).ToArray() : [];
        return new V2Node(
            V2Answer.TextOf(node, "key"), isDirectory ? null : V2Answer.TextOf(node, "value"), V2Answer.NumberOf(node, "createdIndex"), V2Answer.NumberOf(node, "modifiedIndex"), nodes)
        {
            Expiration = DateTimeOffset.TryParse(V2Answer.TextOf(node, "expiration"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
        };
    }
}

/// <summary>A refusal by a v2 key space.</summary>
internal sealed record V2Error(int Code, string Message, string Cause, ulong Index)
{
    public const int KeyNotFound = 100, NotAFile = 102, NotADirectory = 104, NodeExists = 105, IndexCleared = 401;

    /// <summary>As etcd's client prints it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code}: {Message} ({Cause}) [{Index}]");
}
