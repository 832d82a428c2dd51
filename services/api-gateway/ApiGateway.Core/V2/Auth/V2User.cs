namespace ApiGateway.Core.V2.Auth;

/// <summary>A user of v2.</summary>
/// <param name="Name">Not empty, without '/'.</param>
/// <param name="PasswordHash">bcrypt's text.</param>
/// <param name="Roles">Names of roles that need not exist; null: none were ever given, which etcd shows.</param>
public sealed record V2User(string Name, string PasswordHash, IReadOnlyList<string>? Roles)
{
    /// <summary>The user without whom users cannot be switched on, and the role that may do everything.</summary>
    public const string Root = "root";

    /// <summary>May administer, and use every key.</summary>
    public bool IsRoot => Roles?.Contains(Root) == true;

    /// <summary>User root has role root, whatever was written down.</summary>
    public V2User WithRootRole() => Name == Root && !IsRoot ? this with { Roles = [.. Roles ?? [], Root] } : this;

    /// <summary>The user as changed; the error is null when it is.</summary>
    /// <param name="grant">Roles it is to have.</param>
    /// <param name="revoke">Roles it is to have no more.</param>
    /// <param name="newHash">Null: the password stays.</param>
    /// <param name="error">Why not.</param>
    public V2User? Change(IEnumerable<string> grant, IEnumerable<string> revoke, string? newHash, out V2AuthError? error)
    {
        error = null;
        var roles = new SortedSet<string>(Roles ?? [], Utf8Order.Instance);
        foreach (var role in grant)
        {
            if (!roles.Add(role))
                error ??= new V2AuthError(409, $"auth: Granting duplicate role {role} for user {Name}");
        }
        foreach (var role in error is null ? revoke : [])
        {
            if (!roles.Remove(role))
                error ??= new V2AuthError(409, $"auth: Revoking ungranted role {role} for user {Name}");
        }
        // None given yet and an empty list are two things, and so are two orders.
        if (error is null && newHash is null && Roles is not null && roles.SequenceEqual(Roles))
            error = V2AuthError.UserNotUpdated;
        return error is null ? new V2User(Name, newHash ?? PasswordHash, [.. roles]) : null;
    }
}
