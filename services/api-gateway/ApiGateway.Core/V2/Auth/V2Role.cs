namespace ApiGateway.Core.V2.Auth;

/// <summary>A role of v2: patterns of paths that may be read and written.</summary>
/// <param name="Name">Not empty, without '/'.</param>
/// <param name="Read">Null: none was ever given, which etcd shows.</param>
/// <param name="Write">The same.</param>
public sealed record V2Role(string Name, IReadOnlyList<string>? Read, IReadOnlyList<string>? Write)
{
    /// <summary>Who comes without credentials has this role's permissions.</summary>
    public const string Guest = "guest";

    /// <summary>Is there always, and is not stored.</summary>
    public static V2Role Root { get; } = new(V2User.Root, ["/*"], ["/*"]);

    /// <summary>What guests may until somebody says otherwise.</summary>
    public static V2Role NewGuest { get; } = new(Guest, ["/*"], ["/*"]);

    /// <summary>May a path be used?</summary>
    /// <param name="path">As it was asked for, a slash at its end included.</param>
    /// <param name="recursive">All below it is meant too.</param>
    /// <param name="write">To be written.</param>
    public bool Allows(string path, bool recursive, bool write)
    {
        if (Name == V2User.Root)
            return true;
        foreach (var pattern in (write ? Write : Read) ?? [])
        {
            if (pattern.EndsWith('*') ? path.StartsWith(pattern[..^1], StringComparison.Ordinal) : !recursive && path == pattern)
                return true;
        }
        return false;
    }

    /// <summary>The role as changed; the error is null when it is. To revoke what is not there changes nothing.</summary>
    public V2Role? Change(V2Permissions grant, V2Permissions revoke, out V2AuthError? error)
    {
        error = null;
        var read = Merge(Read, grant.Read, revoke.Read, "read", ref error);
        var write = Merge(Write, grant.Write, revoke.Write, "write", ref error);
        if (error is null && IsSame(read, Read) && IsSame(write, Write))
            error = V2AuthError.RoleNotUpdated;
        return error is null ? new V2Role(Name, read, write) : null;
    }

    private static List<string> Merge(
        IReadOnlyList<string>? before, IReadOnlyList<string>? grant, IReadOnlyList<string>? revoke, string kind, ref V2AuthError? error)
    {
        var after = new SortedSet<string>(before ?? [], Utf8Order.Instance);
        foreach (var pattern in grant ?? [])
        {
            if (!after.Add(pattern))
                error ??= new V2AuthError(409, $"auth: Granting duplicate {kind} permission {pattern}");
        }
        after.ExceptWith(revoke ?? []);
        return [.. after];
    }

    private static bool IsSame(List<string> after, IReadOnlyList<string>? before) => before is not null && after.SequenceEqual(before);
}
