namespace ApiGateway.Core.V2.Auth;

/// <summary>The body of a PUT on a role.</summary>
public sealed record V2RoleRequest(string Role, V2Permissions Permissions, V2Permissions Grant, V2Permissions Revoke);
