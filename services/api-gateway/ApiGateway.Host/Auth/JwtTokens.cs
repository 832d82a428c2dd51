using System.Globalization;
using System.Security.Claims;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Auth;

/// <summary>
/// Tokens of <c>--auth-token jwt,...</c>: whoever has the key can check them, and they know nothing of what has happened since. Claims are etcd's: username,
/// revision, exp.
/// </summary>
internal sealed class JwtTokens : ITokens
{
    private const string UserClaim = "username", RevisionClaim = "revision";

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials? _signing;
    private readonly TokenValidationParameters _rules;
    private readonly TimeSpan _timeToLive;
    private readonly TimeProvider _time;

    public JwtTokens(JwtOptions options, TimeProvider time)
    {
        (_timeToLive, _time) = (options.TimeToLive, time);
        _signing = options.CanSign ? new SigningCredentials(options.Key, options.Algorithm) : null;
        _rules = new TokenValidationParameters
        {
            ValidateIssuer = false,
            ValidateAudience = false,
            RequireExpirationTime = false,
            IssuerSigningKey = options.Key,
            // Nothing but what was configured: a token does not choose how it is checked.
            ValidAlgorithms = [options.Algorithm],
            LifetimeValidator = (begins, ends, _, _) =>
            {
                var now = _time.GetUtcNow().UtcDateTime;
                return (begins is null || now >= begins) && (ends is null || now < ends);
            },
        };
    }

    public bool NeedsReplicatedKey => false;

    public string Issue(string user, AuthStatus status)
    {
        if (_signing is null)
            throw new RequestFailedException(EtcdError.VerifyOnlyKey);
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object> { [UserClaim] = user, [RevisionClaim] = (long)status.Revision },
            Expires = (_time.GetUtcNow() + _timeToLive).UtcDateTime,
            SigningCredentials = _signing,
        });
    }

    public string? UserOf(string token)
    {
        try
        {
            return TryGetText(new JsonWebToken(token), UserClaim, out var user) ? user : null;
        }
        catch (Exception exception) when (exception is ArgumentException or SecurityTokenMalformedException)
        {
            return null;
        }
    }

    public TokenProof? Check(string token, AuthStatus status)
    {
        // Nothing is awaited: the key is at hand.
        var result = _handler.ValidateTokenAsync(token, _rules).GetAwaiter().GetResult();
        if (!result.IsValid || result.SecurityToken is not JsonWebToken valid
            || !TryGetText(valid, UserClaim, out var user) || !TryGetNumber(valid, RevisionClaim, out var revision))
        {
            return null;
        }
        var ends = valid.ValidTo == DateTime.MinValue ? DateTimeOffset.MaxValue : new DateTimeOffset(valid.ValidTo);
        return new TokenProof(user, revision, ends, TimeSpan.Zero);
    }

    // A claim is of the type that it is written in: the library would read a number out of a text, and the other way round, and etcd does not.
    private static bool TryGetText(JsonWebToken token, string name, out string text)
    {
        var isText = token.TryGetClaim(name, out var claim) && claim.ValueType == ClaimValueTypes.String;
        text = isText ? claim.Value : "";
        return isText;
    }

    private static bool TryGetNumber(JsonWebToken token, string name, out ulong number)
    {
        number = 0;
        if (!token.TryGetClaim(name, out var claim) || claim.ValueType is not (ClaimValueTypes.Integer or ClaimValueTypes.Integer32 or ClaimValueTypes.Integer64 or ClaimValueTypes.Double)
            || !double.TryParse(claim.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value is < 0 or >= ulong.MaxValue)
        {
            return false;
        }
        number = (ulong)value;
        return true;
    }
}
