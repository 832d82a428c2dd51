using ApiGateway.Core.V2;
using ApiGateway.Core.V2.Auth;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Cluster;

namespace ApiGateway.Host.Rest.V2Auth;

/// <summary>/v2/auth: users and roles of v2, which are none of v3's.</summary>
internal sealed class V2AuthHandler(V2AuthStore store, V2Access access, Passwords passwords, ClusterView cluster)
{
    private const string EnablePath = "/v2/auth/enable";
    private const string UsersPath = "/v2/auth/users";
    private const string RolesPath = "/v2/auth/roles";

    // Each time that another change of the same user or role came first.
    private const int MaxAttempts = 16;

    /// <summary>Answers, if the path is one of these.</summary>
    public bool TryHandle(HttpContext context, string path, out Task answering)
    {
        answering = path == EnablePath ? AnswerAsync(context, "GET,PUT,DELETE", EnableAsync)
            : Below(path, UsersPath) is { } user ? NamedAsync(context, user, ListUsersAsync, UserAsync)
            : Below(path, RolesPath) is { } role ? NamedAsync(context, role, ListRolesAsync, RoleAsync)
            : Task.CompletedTask;
        return path == EnablePath || Below(path, UsersPath) is not null || Below(path, RolesPath) is not null;
    }

    /// <summary>What follows a path; null when it is another path.</summary>
    private static string? Below(string path, string prefix) =>
        path == prefix ? "" : path.StartsWith(prefix + "/", StringComparison.Ordinal) ? path[(prefix.Length + 1)..] : null;

    private Task NamedAsync(
        HttpContext context, string name, Func<HttpContext, Task<Answer>> list, Func<HttpContext, string, Task<Answer>> one) =>
        name.Length == 0 ? AnswerAsync(context, "GET", list)
        : name.Contains('/', StringComparison.Ordinal) ? WriteAsync(context, V2AuthError.InvalidPath)
        : AnswerAsync(context, "GET,PUT,DELETE", _ => one(context, name));

    private async Task AnswerAsync(HttpContext context, string methods, Func<HttpContext, Task<Answer>> answer)
    {
        if (!methods.Split(',').Contains(context.Request.Method))
        {
            await RestResponse.MethodNotAllowedAsync(context, methods).ConfigureAwait(false);
            return;
        }
        // Whether users are switched on everybody may know.
        var isOpen = context.Request.Method == "GET" && context.Request.Path == EnablePath;
        if (!isOpen && !await access.MayAdministerAsync(context).ConfigureAwait(false))
        {
            await RefuseAsync(context).ConfigureAwait(false);
            return;
        }
        var view = await cluster.GetAsync().ConfigureAwait(false);
        context.Response.Headers["X-Etcd-Cluster-Id"] = view.Status.Cluster.ToString();
        var (error, status, body) = await answer(context).ConfigureAwait(false);
        await (error is null ? RestResponse.WriteAsync(context, status, RestResponse.Json, body) : WriteAsync(context, error)).ConfigureAwait(false);
    }

    /// <summary>Answers who may not administer.</summary>
    public static Task RefuseAsync(HttpContext context) =>
        RestResponse.WriteAsync(context, StatusCodes.Status401Unauthorized, RestResponse.Json, MemberJson.Error("Insufficient credentials"));

    private static Task WriteAsync(HttpContext context, V2AuthError error) =>
        RestResponse.WriteAsync(context, error.Status, RestResponse.Json, MemberJson.Error(error.Message));

    private async Task<Answer> EnableAsync(HttpContext context)
    {
        var cancellation = context.RequestAborted;
        // Questions are answered without a quorum, as in etcd; changes look at all that was acknowledged.
        if (context.Request.Method == "GET")
            return Answer.Of(V2AuthJson.Enabled(await store.IsEnabledAsync(cancellation).ConfigureAwait(false)));
        var isEnabled = await store.IsEnabledNowAsync(cancellation).ConfigureAwait(false);
        switch (context.Request.Method)
        {
            case "PUT" when isEnabled:
                return V2AuthError.AlreadyEnabled;
            case "PUT":
                if (await store.UserNowAsync(V2User.Root, cancellation).ConfigureAwait(false) is null)
                    return V2AuthError.NoRootUser;
                // Somebody else's guest is as good.
                if (await store.RoleNowAsync(V2Role.Guest, cancellation).ConfigureAwait(false) is null)
                    await store.TryCreateAsync(V2Role.NewGuest).ConfigureAwait(false);
                await store.EnableAsync(true).ConfigureAwait(false);
                return Answer.Empty;
            case "DELETE" when !isEnabled:
                return V2AuthError.AlreadyDisabled;
            default:
                await store.EnableAsync(false).ConfigureAwait(false);
                return Answer.Empty;
        }
    }

    private async Task<Answer> ListUsersAsync(HttpContext context)
    {
        var users = new List<(string, IReadOnlyList<V2Role>)>();
        foreach (var name in await store.UserNamesAsync(context.RequestAborted).ConfigureAwait(false))
        {
            if (await store.UserAsync(name, context.RequestAborted).ConfigureAwait(false) is not { } user)
                continue;
            var (roles, _) = await RolesOfAsync(user, context.RequestAborted).ConfigureAwait(false);
            users.Add((name, roles));
        }
        return Answer.Of(V2AuthJson.All(users));
    }

    private async Task<Answer> ListRolesAsync(HttpContext context)
    {
        var roles = new List<V2Role> { V2Role.Root };
        foreach (var name in await store.RoleNamesAsync(context.RequestAborted).ConfigureAwait(false))
        {
            if (await store.RoleAsync(name, context.RequestAborted).ConfigureAwait(false) is { } role)
                roles.Add(role);
        }
        return Answer.Of(V2AuthJson.All(roles.OrderBy(static role => role.Name, Utf8Order.Instance)));
    }

    private Task<Answer> UserAsync(HttpContext context, string name) => context.Request.Method switch
    {
        "GET" => GetUserAsync(name, context.RequestAborted),
        "PUT" => PutUserAsync(context, name),
        _ => DeleteUserAsync(name, context.RequestAborted),
    };

    private async Task<Answer> GetUserAsync(string name, CancellationToken cancellation)
    {
        if (await store.UserAsync(name, cancellation).ConfigureAwait(false) is not { } user)
            return V2AuthError.UserMissing(name);
        var (roles, missing) = await RolesOfAsync(user, cancellation).ConfigureAwait(false);
        return missing is null ? Answer.Of(V2AuthJson.One(name, roles)) : V2AuthError.RoleMissing(missing);
    }

    /// <summary>The roles of a user that there are, and the first one that there is not.</summary>
    private async Task<(List<V2Role> Roles, string? Missing)> RolesOfAsync(V2User user, CancellationToken cancellation)
    {
        var roles = new List<V2Role>();
        string? missing = null;
        foreach (var name in user.Roles ?? [])
        {
            if (await store.RoleAsync(name, cancellation).ConfigureAwait(false) is { } role)
                roles.Add(role);
            else
                missing ??= name;
        }
        return (roles, missing);
    }

    private async Task<Answer> PutUserAsync(HttpContext context, string name)
    {
        if (await RequestForm.ReadBodyAsync(context).ConfigureAwait(false) is not { } body || V2AuthRequests.ReadUser(body) is not { } request)
            return V2AuthError.InvalidJson;
        if (request.User != name)
            return new V2AuthError(StatusCodes.Status400BadRequest, "User JSON name does not match the name in the URL");
        var gives = request.Roles is { Count: > 0 };
        var changes = request.Grant is { Count: > 0 } || request.Revoke is { Count: > 0 };
        if (gives && changes)
            return new V2AuthError(StatusCodes.Status400BadRequest, "User JSON contains both roles and grant/revoke");
        if (gives)
            return await CreateUserAsync(request, StatusCodes.Status200OK, context.RequestAborted).ConfigureAwait(false);
        string? hash = null;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await store.UserNowAsync(name, context.RequestAborted).ConfigureAwait(false) is not { } user)
            {
                return changes
                    ? V2AuthError.UserMissing(name)
                    : await CreateUserAsync(request, StatusCodes.Status201Created, context.RequestAborted).ConfigureAwait(false);
            }
            if (request.Password.Length > 0)
                hash ??= await HashAsync(request.Password, context.RequestAborted).ConfigureAwait(false);
            if (user.Value.Change(request.Grant ?? [], request.Revoke ?? [], hash, out var error) is not { } changed)
                return error!;
            if (await store.TryReplaceAsync(changed, user.Index).ConfigureAwait(false))
                return Answer.Of(V2AuthJson.Changed(changed));
        }
        throw new InvalidOperationException($"v2 user {name} was changed by others {MaxAttempts} times meanwhile");
    }

    private async Task<Answer> CreateUserAsync(V2UserRequest request, int status, CancellationToken cancellation)
    {
        if (request.Password.Length == 0)
            return V2AuthError.EmptyPassword(request.User);
        var user = new V2User(request.User, await HashAsync(request.Password, cancellation).ConfigureAwait(false), request.Roles).WithRootRole();
        return await store.TryCreateAsync(user).ConfigureAwait(false) ? new Answer(null, status, V2AuthJson.Changed(user)) : V2AuthError.UserExists(request.User);
    }

    private async Task<string> HashAsync(string password, CancellationToken cancellation) =>
        System.Text.Encoding.ASCII.GetString(await passwords.HashSignificantAsync(password, cancellation).ConfigureAwait(false));

    private async Task<Answer> DeleteUserAsync(string name, CancellationToken cancellation)
    {
        if (name == V2User.Root && await store.IsEnabledNowAsync(cancellation).ConfigureAwait(false))
            return V2AuthError.RootUserNeeded;
        return await store.TryDeleteUserAsync(name).ConfigureAwait(false) ? Answer.Empty : V2AuthError.NoUserToDelete(name);
    }

    private Task<Answer> RoleAsync(HttpContext context, string name) => context.Request.Method switch
    {
        "GET" => GetRoleAsync(name, context.RequestAborted),
        "PUT" => PutRoleAsync(context, name),
        _ => DeleteRoleAsync(name),
    };

    private async Task<Answer> GetRoleAsync(string name, CancellationToken cancellation) =>
        await store.RoleAsync(name, cancellation).ConfigureAwait(false) is { } role ? Answer.Of(V2AuthJson.One(role)) : V2AuthError.RoleMissing(name);

    private async Task<Answer> PutRoleAsync(HttpContext context, string name)
    {
        if (await RequestForm.ReadBodyAsync(context).ConfigureAwait(false) is not { } body || V2AuthRequests.ReadRole(body) is not { } request)
            return V2AuthError.InvalidJson;
        if (request.Role != name)
            return new V2AuthError(StatusCodes.Status400BadRequest, "Role JSON name does not match the name in the URL");
        var changes = !request.Grant.IsEmpty || !request.Revoke.IsEmpty;
        if (changes && !request.Permissions.IsEmpty)
            return new V2AuthError(StatusCodes.Status400BadRequest, "Role JSON contains both permissions and grant/revoke");
        if (name == V2User.Root)
            return V2AuthError.RootRole;
        if (!changes)
        {
            var created = new V2Role(name, request.Permissions.Read, request.Permissions.Write);
            return await store.TryCreateAsync(created).ConfigureAwait(false)
                ? new Answer(null, StatusCodes.Status201Created, V2AuthJson.One(created))
                : V2AuthError.RoleExists(name);
        }
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await store.RoleNowAsync(name, context.RequestAborted).ConfigureAwait(false) is not { } role)
                return V2AuthError.RoleMissing(name);
            if (role.Value.Change(request.Grant, request.Revoke, out var error) is not { } changed)
                return error!;
            if (await store.TryReplaceAsync(changed, role.Index).ConfigureAwait(false))
                return Answer.Of(V2AuthJson.One(changed));
        }
        throw new InvalidOperationException($"v2 role {name} was changed by others {MaxAttempts} times meanwhile");
    }

    private async Task<Answer> DeleteRoleAsync(string name)
    {
        if (name == V2User.Root)
            return V2AuthError.RootRole;
        return await store.TryDeleteRoleAsync(name).ConfigureAwait(false) ? Answer.Empty : V2AuthError.NoRoleToDelete(name);
    }

    /// <summary>An error, or a status and a body.</summary>
    private sealed record Answer(V2AuthError? Error, int Status, string Body)
    {
        public static Answer Empty { get; } = Of("");

        public static Answer Of(string body) => new(null, StatusCodes.Status200OK, body);

        public static implicit operator Answer(V2AuthError error) => new(error, error.Status, "");
    }
}
