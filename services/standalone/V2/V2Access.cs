using System.Text.Json;

namespace Standalone.V2;

/// <summary>All who may do something in a v2 key space.</summary>
internal sealed record V2Access(IReadOnlyList<V2Role> Roles, IReadOnlyList<V2User> Users)
{
    /// <param name="roles">Answer to <c>GET /v2/auth/roles</c>.</param>
    /// <param name="users">Answer to <c>GET /v2/auth/users</c>.</param>
    /// <exception cref="JsonException">They are none.</exception>
    public static V2Access Parse(byte[] roles, byte[] users)
    {
        using var rolesJson = JsonDocument.Parse(roles);
        using var usersJson = JsonDocument.Parse(users);
        return new V2Access(List(rolesJson.RootElement, "roles", V2Role.Parse), List(usersJson.RootElement, "users", V2User.Parse));
    }

    internal static JsonElement Object(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : throw new JsonException($"no {name}");

    internal static string Name(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && Text(value) is { Length: > 0 } text ? text : throw new JsonException($"no {name}");

    internal static IReadOnlyList<string> Texts(JsonElement element, string name) => List(element, name, Text);

    internal static string Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new JsonException("no text");
        }
        catch (InvalidOperationException malformed)
        {
            throw new JsonException(malformed.Message, malformed);
        }
    }

    // etcd writes null for a list that was never set.
    internal static IReadOnlyList<T> List<T>(JsonElement element, string name, Func<JsonElement, T> read)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var list) || list.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
            throw new JsonException($"no {name}");
        return list.ValueKind == JsonValueKind.Null ? [] : [.. list.EnumerateArray().Select(read)];
    }
}
