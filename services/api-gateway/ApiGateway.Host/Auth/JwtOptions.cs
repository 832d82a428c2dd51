using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hosting;
using Hosting.Durations;
using Microsoft.IdentityModel.Tokens;

namespace ApiGateway.Host.Auth;

/// <summary>The options behind <c>jwt,</c>.</summary>
internal sealed record JwtOptions(SecurityKey Key, string Algorithm, bool CanSign, TimeSpan TimeToLive)
{
    private const string Invalid = "auth: invalid auth options", MissingKey = "auth: missing key data", KeyMismatch = "auth: public and private keys don't match";

    // What HMAC pads its key to anyway, with zeros; the library wants longer keys than etcd does.
    private const int HmacBlockBytes = 64, LongHmacBlockBytes = 128;

    private static readonly TimeSpan s_defaultTimeToLive = TimeSpan.FromMinutes(5);

    /// <summary>Reads options, and the files of keys that they name.</summary>
    /// <exception cref="ConfigurationException">They cannot be used.</exception>
    public static JwtOptions Read(IReadOnlyDictionary<string, string> options)
    {
        var timeToLive = s_defaultTimeToLive;
        if (options.TryGetValue("ttl", out var ttl) && !(GoDuration.TryParse(ttl, out timeToLive, out _) && timeToLive > TimeSpan.Zero))
            throw new ConfigurationException(Invalid);
        if (!options.TryGetValue("sign-method", out var algorithm))
            throw new ConfigurationException(Invalid);
        var (publicKey, privateKey) = (ReadFile(options, "pub-key"), ReadFile(options, "priv-key"));
        if (publicKey is null && privateKey is null)
            throw new ConfigurationException(MissingKey);
        try
        {
            return algorithm switch
            {
                "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" => Rsa(algorithm, publicKey, privateKey, timeToLive),
                "ES256" or "ES384" or "ES512" => Ecdsa(algorithm, publicKey, privateKey, timeToLive),
                "HS256" or "HS384" or "HS512" => Hmac(algorithm, privateKey, timeToLive),
                _ => throw new ConfigurationException(Invalid),
            };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new ConfigurationException($"{Invalid}: {exception.Message}");
        }
    }

    private static JwtOptions Rsa(string algorithm, byte[]? publicKey, byte[]? privateKey, TimeSpan timeToLive)
    {
        var key = RSA.Create();
        key.ImportFromPem(PublicPem(privateKey ?? publicKey!, static certificate => certificate.GetRSAPublicKey()!));
        if (privateKey is not null && publicKey is not null)
        {
            using var claimed = RSA.Create();
            claimed.ImportFromPem(PublicPem(publicKey, static certificate => certificate.GetRSAPublicKey()!));
            RequireSame(claimed, key);
        }
        return new JwtOptions(new RsaSecurityKey(key), algorithm, privateKey is not null, timeToLive);
    }

    private static JwtOptions Ecdsa(string algorithm, byte[]? publicKey, byte[]? privateKey, TimeSpan timeToLive)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(PublicPem(privateKey ?? publicKey!, static certificate => certificate.GetECDsaPublicKey()!));
        if (privateKey is not null && publicKey is not null)
        {
            using var claimed = ECDsa.Create();
            claimed.ImportFromPem(PublicPem(publicKey, static certificate => certificate.GetECDsaPublicKey()!));
            RequireSame(claimed, key);
        }
        return new JwtOptions(new ECDsaSecurityKey(key), algorithm, privateKey is not null, timeToLive);
    }

    private static JwtOptions Hmac(string algorithm, byte[]? secret, TimeSpan timeToLive)
    {
        if (secret is not { Length: > 0 })
            throw new ConfigurationException(MissingKey);
        var key = new byte[Math.Max(secret.Length, algorithm == "HS256" ? HmacBlockBytes : LongHmacBlockBytes)];
        secret.CopyTo(key, 0);
        return new JwtOptions(new SymmetricSecurityKey(key), algorithm, true, timeToLive);
    }

    private static void RequireSame(AsymmetricAlgorithm claimed, AsymmetricAlgorithm key)
    {
        if (!claimed.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            throw new ConfigurationException(KeyMismatch);
    }

    // A public key may come as the certificate that holds it.
    private static string PublicPem(byte[] file, Func<X509Certificate2, AsymmetricAlgorithm> publicKeyOf)
    {
        var pem = System.Text.Encoding.UTF8.GetString(file);
        if (!pem.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
            return pem;
        using var certificate = X509Certificate2.CreateFromPem(pem);
        using var key = publicKeyOf(certificate);
        return key.ExportSubjectPublicKeyInfoPem();
    }

    private static byte[]? ReadFile(IReadOnlyDictionary<string, string> options, string name)
    {
        if (!options.TryGetValue(name, out var path))
            return null;
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{Invalid}: {exception.Message}");
        }
    }
}
