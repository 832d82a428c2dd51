using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EndToEnd.Tests.Tools;

/// <summary>Files of a certificate and of its key, both PEM.</summary>
public sealed record CertificateAndKey(string CertFile, string KeyFile);

/// <summary>A certificate authority of one test; what it issues lies in the test's folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly string _folder;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private byte _serial;

    public TestAuthority(string folder, string name = "ca")
    {
        _folder = folder;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = DateTimeOffset.UtcNow;
        _certificate = request.CreateSelfSigned(now.AddDays(-2), now.AddDays(30));
        CaFile = Path.Combine(folder, name + ".crt");
        File.WriteAllText(CaFile, _certificate.ExportCertificatePem());
    }

    /// <summary>Its own certificate.</summary>
    public string CaFile { get; }

    /// <summary>Issues a certificate into files of that name; those of an earlier one are replaced.</summary>
    /// <param name="file">Name of the files, without extension.</param>
    /// <param name="commonName">Of the subject; "" is none.</param>
    /// <param name="hosts">Names and addresses that it holds for.</param>
    /// <param name="daysValid">From yesterday on.</param>
    public CertificateAndKey Issue(string file, string commonName, string[] hosts, double daysValid = 10)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(commonName.Length > 0 ? $"CN={commonName}" : "O=test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        if (hosts.Length > 0)
            request.CertificateExtensions.Add(NamesOf(hosts));
        var from = DateTimeOffset.UtcNow.AddDays(-1);
        using var issued = request.Create(_certificate, from, from.AddDays(daysValid), [1, 2, 3, ++_serial]);
        var files = new CertificateAndKey(Path.Combine(_folder, file + ".crt"), Path.Combine(_folder, file + ".key"));
        File.WriteAllText(files.KeyFile, key.ExportECPrivateKeyPem());
        File.WriteAllText(files.CertFile, issued.ExportCertificatePem());
        return files;
    }

    /// <summary>Writes a revocation list with these certificates; returns its file.</summary>
    public string Revoke(string file, params CertificateAndKey[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var one in revoked)
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(one.CertFile);
            list.AddEntry(certificate);
        }
        var der = list.Build(_certificate, 1, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256);
        var path = Path.Combine(_folder, file);
        File.WriteAllText(path, PemEncoding.WriteString("X509 CRL", der));
        return path;
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private static X509Extension NamesOf(string[] hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        return names.Build();
    }
}
