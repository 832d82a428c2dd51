namespace ApiGateway.Core.V2.Auth;

/// <summary>The body of a PUT on a user.</summary>
public sealed record V2UserRequest(
    string User, string Password, IReadOnlyList<string>? Roles, IReadOnlyList<string>? Grant, IReadOnlyList<string>? Revoke);
