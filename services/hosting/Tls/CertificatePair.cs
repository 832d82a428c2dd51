using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hosting.Files;

namespace Hosting.Tls;

/// <summary>A certificate with its private key and its intermediates, as read from two files.</summary>
/// <param name="Certificate">With the key.</param>
/// <param name="Context">What a handshake shows.</param>
internal sealed record CertificatePair(X509Certificate2 Certificate, SslStreamCertificateContext Context)
{
    /// <exception cref="ConfigurationException">There is no such pair in these files.</exception>
    public static CertificatePair Load(string certFile, string keyFile)
    {
        var certText = Encoding.UTF8.GetString(FileErrors.ReadAll(certFile));
        var keyText = Encoding.UTF8.GetString(FileErrors.ReadAll(keyFile));
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certText);
        }
        catch (CryptographicException error)
        {
            throw new ConfigurationException($"tls: failed to parse certificate in {certFile}: {error.Message}");
        }
        if (chain.Count == 0)
            throw new ConfigurationException("tls: failed to find any PEM data in certificate input");
        var leaf = WithKey(chain[0], keyText);
        chain.RemoveAt(0);
        // Offline: nobody is asked for intermediates, or for anything else, on the way to a handshake.
        return new(leaf, SslStreamCertificateContext.Create(leaf, chain, offline: true));
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string keyText)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), keyText);
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            // The library does not say which it is.
            throw new ConfigurationException(!PemEncoding.TryFind(keyText, out _)
                ? "tls: failed to find any PEM data in key input"
                : IsKey(keyText) ? "tls: private key does not match public key" : "tls: failed to parse private key");
        }
    }

    private static bool IsKey(string text)
    {
        foreach (var algorithm in (AsymmetricAlgorithm[])[ECDsa.Create(), RSA.Create()])
        {
            using (algorithm)
            {
                try
                {
                    algorithm.ImportFromPem(text);
                    return true;
                }
                catch (Exception error) when (error is ArgumentException or CryptographicException)
                {
                    // Not of this kind.
                }
            }
        }
        return false;
    }
}
