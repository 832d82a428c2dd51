namespace ApiGateway.Core.V2.Auth;

/// <summary>The bodies of /v2/auth, and what is stored: etcd's field order. Answers end with a line end.</summary>
public static class V2AuthJson
{
    public static string Enabled(bool isEnabled) => $"{{\"enabled\":{(isEnabled ? "true" : "false")}}}\n";

    /// <summary>A user as it was changed: with the names of its roles.</summary>
    public static string Changed(V2User user) => $"{{\"user\":{GoJson.Quote(user.Name)},\"roles\":{List(user.Roles)}}}\n";

    /// <summary>A user with its roles.</summary>
    public static string One(string user, IReadOnlyList<V2Role> roles) => Text(user, roles) + "\n";

    public static string One(V2Role role) => Text(role) + "\n";

    public static string All(IReadOnlyList<(string User, IReadOnlyList<V2Role> Roles)> users) =>
        $"{{\"users\":{(users.Count == 0 ? "null" : $"[{string.Join(',', users.Select(static one => Text(one.User, one.Roles)))}]")}}}\n";

    public static string All(IEnumerable<V2Role> roles) => $"{{\"roles\":[{string.Join(',', roles.Select(Text))}]}}\n";

    /// <summary>What is stored of a user.</summary>
    public static string Stored(V2User user) =>
        $"{{\"user\":{GoJson.Quote(user.Name)},\"password\":{GoJson.Quote(user.PasswordHash)},\"roles\":{List(user.Roles)}}}";

    /// <summary>What is stored of a role.</summary>
    public static string Stored(V2Role role) => Text(role);

    private static string Text(string user, IReadOnlyList<V2Role> roles) =>
        $"{{\"user\":{GoJson.Quote(user)}{(roles.Count == 0 ? "" : $",\"roles\":[{string.Join(',', roles.Select(Text))}]")}}}";

    private static string Text(V2Role role) =>
        $"{{\"role\":{GoJson.Quote(role.Name)},\"permissions\":{{\"kv\":{{\"read\":{List(role.Read)},\"write\":{List(role.Write)}}}}}}}";

    private static string List(IReadOnlyList<string>? texts) => texts is null ? "null" : GoJson.Quote(texts);
}
