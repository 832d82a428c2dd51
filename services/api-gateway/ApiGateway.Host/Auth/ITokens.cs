using Storage.Contracts.Auth;

namespace ApiGateway.Host.Auth;

/// <summary>What proves who a client is.</summary>
internal interface ITokens
{
    /// <summary>Tokens are signed with the key in replicated state.</summary>
    bool NeedsReplicatedKey { get; }

    /// <summary>A token for a user who has just proven himself; of the state that has that user.</summary>
    /// <exception cref="Calls.RequestFailedException">This gateway cannot issue any.</exception>
    string Issue(string user, AuthStatus status);

    /// <summary>The user whom a token names, whether or not that is true; null when it is no token.</summary>
    string? UserOf(string token);

    /// <summary>Checks a token against the state with the user whom it names; null: it proves nothing.</summary>
    TokenProof? Check(string token, AuthStatus status);
}

/// <summary>What a good token proves.</summary>
/// <param name="User">Who its bearer is.</param>
/// <param name="AuthRevision">
/// Of the authentication state that it was issued in; null when it is as good in any: then it is checked again whenever users or roles have changed.
/// </param>
/// <param name="Ends">When it ends.</param>
/// <param name="RenewedBy">How long it lives from each use on, if that is longer.</param>
internal sealed record TokenProof(string User, ulong? AuthRevision, DateTimeOffset Ends, TimeSpan RenewedBy);
