using System.Text;

namespace ApiGateway.Core.V2.Auth;

/// <summary>Name and password of HTTP's Basic authentication (RFC 7617), read as Go's library does.</summary>
public readonly record struct BasicCredentials(string User, string Password)
{
    private const string Scheme = "Basic ";

    /// <summary>False for what is none.</summary>
    public static bool TryParse(string authorization, out BasicCredentials credentials)
    {
        credentials = default;
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        var encoded = authorization[Scheme.Length..];
        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, bytes, out var length))
            return false;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return false;
        credentials = new BasicCredentials(text[..colon], text[(colon + 1)..]);
        return true;
    }
}
