using System.Text.Json;

namespace ApiGateway.Core.V2.Auth;

/// <summary>
/// Reads the bodies of /v2/auth as Go's decoder does: the first value counts and what follows it does not, names of fields match in any case, null is nothing, unknown fields are left
/// alone; a value of another type is an error.
/// </summary>
public static class V2AuthRequests
{
    /// <summary>Null when it is no such body.</summary>
    public static V2UserRequest? ReadUser(ReadOnlySpan<byte> json) => Read(json, static root =>
    {
        var fields = Fields(root);
        return new V2UserRequest(Text(fields, "user"), Text(fields, "password"), Texts(fields, "roles"), Texts(fields, "grant"), Texts(fields, "revoke"));
    });

    /// <summary>Null when it is no such body.</summary>
    public static V2RoleRequest? ReadRole(ReadOnlySpan<byte> json) => Read(json, static root =>
    {
        var fields = Fields(root);
        return new V2RoleRequest(Text(fields, "role"), Permissions(fields, "permissions"), Permissions(fields, "grant"), Permissions(fields, "revoke"));
    });

    /// <summary>A stored user.</summary>
    public static V2User ToUser(string name, string json)
    {
        using var document = JsonDocument.Parse(json);
        var fields = Fields(document.RootElement);
        return new V2User(name, Text(fields, "password"), Texts(fields, "roles")).WithRootRole();
    }

    /// <summary>A stored role.</summary>
    public static V2Role ToRole(string name, string json)
    {
        using var document = JsonDocument.Parse(json);
        var (read, write) = Permissions(Fields(document.RootElement), "permissions");
        return new V2Role(name, read, write);
    }

    private static T? Read<T>(ReadOnlySpan<byte> json, Func<JsonElement, T> read)
        where T : class
    {
        try
        {
            var reader = new Utf8JsonReader(json, isFinalBlock: true, default);
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return null;
            using (document)
                return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Dictionary<string, JsonElement> Fields(JsonElement element)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        if (element.ValueKind == JsonValueKind.Null)
            return fields;
        foreach (var property in element.EnumerateObject())
            fields[property.Name] = property.Value;
        return fields;
    }

    private static bool TryGet(Dictionary<string, JsonElement> fields, string name, out JsonElement value) =>
        fields.TryGetValue(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static string Text(Dictionary<string, JsonElement> fields, string name) => TryGet(fields, name, out var value) ? value.GetString()! : "";

    private static List<string>? Texts(Dictionary<string, JsonElement> fields, string name) =>
        TryGet(fields, name, out var value) ? [.. value.EnumerateArray().Select(static text => text.GetString() ?? "")] : null;

    private static V2Permissions Permissions(Dictionary<string, JsonElement> fields, string name)
    {
        if (!TryGet(fields, name, out var value) || !TryGet(Fields(value), "kv", out var keys))
            return V2Permissions.None;
        var lists = Fields(keys);
        return new V2Permissions(Texts(lists, "read"), Texts(lists, "write"));
    }
}
