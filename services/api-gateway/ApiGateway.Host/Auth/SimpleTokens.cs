using System.Security.Cryptography;
using ApiGateway.Core.Auth;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Auth;

/// <summary>Tokens of <c>--auth-token simple</c>. They live for so long since their last use here.</summary>
internal sealed class SimpleTokens(TimeSpan timeToLive, TimeProvider time) : ITokens
{
    public bool NeedsReplicatedKey => true;

    public string Issue(string user, AuthStatus status)
    {
        Span<byte> nonce = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(nonce);
        return SimpleToken.Issue(
            user, time.GetUtcNow().ToUnixTimeSeconds(), BitConverter.ToUInt64(nonce), status.TokenKey.Span, status.User!.PasswordHash.Span).ToString();
    }

    public string? UserOf(string token) => SimpleToken.TryParse(token, out var parsed) ? parsed.User : null;

    public TokenProof? Check(string token, AuthStatus status)
    {
        if (status.User is not { HasNoPassword: false } user || !SimpleToken.TryParse(token, out var parsed)
            || !parsed.IsSignedWith(status.TokenKey.Span, user.PasswordHash.Span))
        {
            return null;
        }
        return new TokenProof(parsed.User, null, DateTimeOffset.FromUnixTimeSeconds(parsed.IssuedAtUnixSeconds) + timeToLive, timeToLive);
    }
}
