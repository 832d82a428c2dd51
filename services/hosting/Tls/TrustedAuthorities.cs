using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hosting.Files;

namespace Hosting.Tls;

/// <summary>Whose signatures count.</summary>
internal static class TrustedAuthorities
{
    /// <summary>How a chain is built: up to one of the file's certificates, or, without a file, to one that the system trusts. Revocation is the list's affair.</summary>
    public static X509ChainPolicy Policy(string file)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (file.Length == 0)
            return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        foreach (var authority in Load(file))
        {
            // One that is signed by another is no end of a chain here; it may be a link.
            if (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData))
                policy.CustomTrustStore.Add(authority);
            else
                policy.ExtraStore.Add(authority);
        }
        return policy;
    }

    /// <exception cref="ConfigurationException">There is no certificate in it.</exception>
    public static X509Certificate2Collection Load(string file)
    {
        var text = Encoding.UTF8.GetString(FileErrors.ReadAll(file));
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            throw new ConfigurationException($"x509: malformed certificate in {file}");
        }
        return found.Count > 0 ? found : throw new ConfigurationException($"x509: no certificate in {file}");
    }
}
