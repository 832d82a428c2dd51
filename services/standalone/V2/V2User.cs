using System.Text.Json;

namespace Standalone.V2;

/// <summary>A user of v2, without the password.</summary>
internal sealed record V2User(string Name, IReadOnlyList<string> Roles)
{
    /// <param name="user"><c>{"user":NAME,"roles":[...]}</c>, the roles as names or as objects.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static V2User Parse(JsonElement user) => new(
        V2Access.Name(user, "user"),
        V2Access.List(user, "roles", static role => role.ValueKind == JsonValueKind.Object ? V2Access.Name(role, "role") : V2Access.Text(role)));
}
