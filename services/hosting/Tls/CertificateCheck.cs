using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Hosting.Tls;

/// <summary>What is asked of the other side's certificate besides a chain to a trusted authority. Thread-safe.</summary>
internal sealed class CertificateCheck(TlsSettings settings)
{
    private readonly RevocationList? _revoked = settings.CrlFile.Length > 0 ? new(settings.CrlFile) : null;

    /// <summary>Why a client's certificate does not count; null when it does.</summary>
    public string? ClientComplaint(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
            return settings.DemandsCertificate ? "tls: client didn't provide a certificate" : null;
        // Names are compared with what is allowed, not with an address.
        return ChainComplaint(chain, errors) ?? RevokedComplaint(chain) ?? NameComplaint(certificate);
    }

    /// <summary>Why a server's certificate does not count; null when it does.</summary>
    /// <param name="certificate">What it showed.</param>
    /// <param name="chain">As it was built.</param>
    /// <param name="errors">What the library found.</param>
    /// <param name="dialled">Host name or address that was dialled.</param>
    public string? ServerComplaint(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, string dialled)
    {
        if (certificate is null)
            return "tls: the server didn't provide a certificate";
        if (settings.IsSelfSigned)
            return null;
        if (ChainComplaint(chain, errors) is { } complaint)
            return complaint;
        var expected = settings.ServerName.Length > 0 ? settings.ServerName : dialled;
        // Not the library's own word on names, which would take the common name for one of a host.
        return certificate.MatchesHostname(expected, allowWildcards: true, allowCommonName: false)
            ? NameComplaint(certificate)
            : $"x509: the certificate is not valid for {expected}";
    }

    private static string? ChainComplaint(X509Chain? chain, SslPolicyErrors errors)
    {
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            return null;
        foreach (var status in chain?.ChainStatus ?? [])
        {
            if (status.Status == X509ChainStatusFlags.NotTimeValid)
                return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
            if (status.Status is X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot)
                return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
        }
        return $"tls: failed to verify certificate: {string.Join("; ", chain?.ChainStatus.Select(static status => status.StatusInformation.Trim()) ?? [])}";
    }

    private string? RevokedComplaint(X509Chain? chain) =>
        _revoked is null || chain is null ? null : chain.ChainElements.Select(element => _revoked.Complaint(element.Certificate)).FirstOrDefault(static complaint => complaint is not null);

    private string? NameComplaint(X509Certificate2 certificate)
    {
        if (settings.AllowedCns.Count > 0 && !settings.AllowedCns.Contains(CertificateNames.CommonNameOf(certificate)))
            return "client certificate authentication failed: the common name is not allowed";
        if (settings.AllowedHostnames.Count > 0
            && !settings.AllowedHostnames.Any(name => certificate.MatchesHostname(name, allowWildcards: true, allowCommonName: false)))
        {
            return "client certificate authentication failed: it is valid for no allowed host name";
        }
        return null;
    }
}
