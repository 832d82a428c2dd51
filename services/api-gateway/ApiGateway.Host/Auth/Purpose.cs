namespace ApiGateway.Host.Auth;

/// <summary>What a request is about, as far as it decides how old a token may be.</summary>
internal enum Purpose
{
    /// <summary>Keys and leases: a token that is bound to a revision of users and roles must be of the current one.</summary>
    Keys,

    /// <summary>The cluster and its users: such a token is good until it ends.</summary>
    Administration,
}
