using System.Text.Json;

namespace Standalone.V2;

/// <summary>A role of v2: patterns of the paths that may be read and written.</summary>
internal sealed record V2Role(string Name, IReadOnlyList<string> Read, IReadOnlyList<string> Write)
{
    /// <summary>Everybody's who may do everything: it is no node and cannot be changed.</summary>
    public const string Root = "root";

    /// <param name="role"><c>{"role":NAME,"permissions":{"kv":{"read":[...],"write":[...]}}}</c>; a list may be null.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static V2Role Parse(JsonElement role)
    {
        var kv = V2Access.Object(V2Access.Object(role, "permissions"), "kv");
        return new V2Role(V2Access.Name(role, "role"), V2Access.Texts(kv, "read"), V2Access.Texts(kv, "write"));
    }
}
