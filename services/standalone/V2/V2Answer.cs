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

    /// <exception cref="JsonException">It is no text of Unicode.</exception>
    internal static string TextOf(JsonElement element, string name)
    {
        try
        {
            return element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        }
        catch (InvalidOperationException malformed)
        {
            throw new JsonException($"{name}: {malformed.Message}", malformed);
        }
    }

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
