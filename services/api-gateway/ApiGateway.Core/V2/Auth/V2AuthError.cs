namespace ApiGateway.Core.V2.Auth;

/// <summary>A refusal of /v2/auth.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">etcd's words.</param>
public sealed record V2AuthError(int Status, string Message)
{
    public static V2AuthError InvalidPath { get; } = new(400, "Invalid path");
    public static V2AuthError InvalidJson { get; } = new(400, "Invalid JSON in request body.");
    public static V2AuthError NoRootUser { get; } = new(409, "auth: No root user available, please create one");
    public static V2AuthError AlreadyEnabled { get; } = new(409, "auth: already enabled");
    public static V2AuthError AlreadyDisabled { get; } = new(409, "auth: already disabled");
    public static V2AuthError RootUserNeeded { get; } = new(403, "auth: Cannot delete root user while auth is enabled.");
    public static V2AuthError RootRole { get; } = new(403, "auth: Cannot modify role root: is root role.");
    public static V2AuthError UserNotUpdated { get; } = new(400, "auth: User not updated. Use grant/revoke/password to update the user.");
    public static V2AuthError RoleNotUpdated { get; } = new(400, "auth: Role not updated. Use grant/revoke to update the role.");

    public static V2AuthError UserMissing(string name) => new(404, $"auth: User {name} does not exist.");

    /// <summary>Where it was to be deleted; only this one has no full stop.</summary>
    public static V2AuthError NoUserToDelete(string name) => new(404, $"auth: User {name} does not exist");

    public static V2AuthError UserExists(string name) => new(409, $"auth: User {name} already exists.");

    public static V2AuthError EmptyPassword(string name) => new(400, $"auth: Cannot create user {name} with an empty password");

    public static V2AuthError RoleMissing(string name) => new(404, $"auth: Role {name} does not exist.");

    public static V2AuthError NoRoleToDelete(string name) => new(404, $"auth: Role {name} doesn't exist.");

    public static V2AuthError RoleExists(string name) => new(409, $"auth: Role {name} already exists.");
}
