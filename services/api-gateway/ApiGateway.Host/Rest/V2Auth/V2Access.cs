using ApiGateway.Core.V2.Auth;
using ApiGateway.Host.Auth;
using Hosting.Tls;

namespace ApiGateway.Host.Rest.V2Auth;

/// <summary>
/// Who may do what of v2 once users have to say who they are: by Basic credentials, without any by the certificate of the connection, and else as a guest. Decided here, as in etcd, before anything
/// is proposed, on what this gateway has seen.
/// </summary>
internal sealed class V2Access(V2AuthStore store, Passwords passwords)
{
    /// <summary>May whoever sent it use a key?</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The key as it was asked for, a slash at its end included.</param>
    /// <param name="recursive">And all below it.</param>
    /// <param name="write">To change it.</param>
    public async ValueTask<bool> MayUseKeyAsync(HttpContext context, string path, bool recursive, bool write)
    {
        var cancellation = context.RequestAborted;
        if (!await store.IsEnabledAsync(cancellation).ConfigureAwait(false))
            return true;
        var (user, isRefused) = await UserAsync(context).ConfigureAwait(false);
        if (isRefused)
            return false;
        if (user is { IsRoot: true })
            return true;
        // As in etcd: of a guest it is not asked that all below the key be allowed.
        if (user is null)
            return await store.RoleAsync(V2Role.Guest, cancellation).ConfigureAwait(false) is { } guest && guest.Allows(path, recursive: false, write);
        foreach (var name in user.Roles ?? [])
        {
            if (await store.RoleAsync(name, cancellation).ConfigureAwait(false) is { } role && role.Allows(path, recursive, write))
                return true;
        }
        return false;
    }

    /// <summary>May whoever sent it administer?</summary>
    public async ValueTask<bool> MayAdministerAsync(HttpContext context) =>
        !await store.IsEnabledAsync(context.RequestAborted).ConfigureAwait(false)
        || await UserAsync(context).ConfigureAwait(false) is { IsRefused: false, User.IsRoot: true };

    /// <summary>No user and not refused: a guest.</summary>
    private async ValueTask<(V2User? User, bool IsRefused)> UserAsync(HttpContext context)
    {
        var cancellation = context.RequestAborted;
        var authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.Length == 0)
        {
            var name = context.Features.Get<ClientIdentity>()?.CommonName ?? "";
            return (name.Length == 0 ? null : await store.UserAsync(name, cancellation).ConfigureAwait(false), false);
        }
        if (!BasicCredentials.TryParse(authorization, out var credentials) || credentials.User is "" || credentials.User.Contains('/', StringComparison.Ordinal))
            return (null, true);
        var user = await store.UserAsync(credentials.User, cancellation).ConfigureAwait(false);
        return user is not null && await passwords.VerifyAsync(credentials.Password, System.Text.Encoding.ASCII.GetBytes(user.PasswordHash), cancellation).ConfigureAwait(false)
            ? (user, false)
            : (null, true);
    }
}
