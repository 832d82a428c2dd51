using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hosting.Tls;

/// <summary>Certificates for whoever wants encryption without authorities, as etcd makes them.</summary>
public static class SelfSignedCertificate
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The pair in a folder, <c>cert.pem</c> and <c>key.pem</c>; made unless it is there.</summary>
    /// <param name="folder">Where it lies; made with its parents, for its owner alone.</param>
    /// <param name="hosts">Names and addresses that it holds for.</param>
    /// <param name="years">How long it holds.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="ConfigurationException">It cannot be made.</exception>
    public static (string CertFile, string KeyFile) In(string folder, IEnumerable<string> hosts, ulong years, DateTimeOffset now)
    {
        if (years is 0 or > 1000)
            throw new ConfigurationException("selfSignedCertValidity is invalid,it should be greater than 0");
        var (certFile, keyFile) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        if (File.Exists(certFile) && File.Exists(keyFile))
            return (certFile, keyFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var certificate = Request(key, hosts).CreateSelfSigned(now, now.AddDays(365 * (double)years));
        try
        {
            Directory.CreateDirectory(folder);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder, OwnerOnly | UnixFileMode.UserExecute);
            Write(keyFile, key.ExportECPrivateKeyPem());
            Write(certFile, certificate.ExportCertificatePem());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"cannot write a certificate: {error.Message}");
        }
        return (certFile, keyFile);
    }

    private static CertificateRequest Request(ECDsa key, IEnumerable<string> hosts)
    {
        var request = new CertificateRequest("O=etcd", key, HashAlgorithmName.SHA512);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Distinct(StringComparer.Ordinal))
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    private static void Write(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using var writer = new StreamWriter(path, options);
        writer.Write(text + "\n");
    }
}
