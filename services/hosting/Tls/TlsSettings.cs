using System.Security.Authentication;

namespace Hosting.Tls;

/// <summary>What a port, and the connections made on its behalf, are secured with. Names follow etcd's flags; "" and an empty list are "not given".</summary>
public sealed record TlsSettings
{
    /// <summary>PEM: the certificate that the port shows, then its intermediates.</summary>
    public string CertFile { get; init; } = "";

    /// <summary>PEM: its private key.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>PEM: certificate authorities that the other side's certificate must come from. Not given: those of the system.</summary>
    public string TrustedCaFile { get; init; } = "";

    /// <summary>Whoever connects must show a certificate, and is taken for whom it names. <see cref="TrustedCaFile"/> alone demands one as well, without the naming.</summary>
    public bool ClientCertAuth { get; init; }

    /// <summary>PEM or DER: serials listed there are refused.</summary>
    public string CrlFile { get; init; } = "";

    /// <summary>Common names of which the other side's certificate must have one.</summary>
    public IReadOnlyList<string> AllowedCns { get; init; } = [];

    /// <summary>Host names of which the other side's certificate must hold for one. Not together with <see cref="AllowedCns"/>.</summary>
    public IReadOnlyList<string> AllowedHostnames { get; init; } = [];

    /// <summary>Cipher suites of TLS 1.2; empty: the system's. Those of TLS 1.3 are not chosen.</summary>
    public IReadOnlyList<string> CipherSuites { get; init; } = [];

    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>PEM: what is shown where this side is the client; not given: <see cref="CertFile"/>.</summary>
    public string ClientCertFile { get; init; } = "";

    public string ClientKeyFile { get; init; } = "";

    /// <summary>An accepted certificate that names addresses or hosts must name the one that it comes from.</summary>
    public bool ChecksOrigin { get; init; }

    /// <summary>The certificates are self-signed and made at start: nobody could verify them, so as a client this side takes any.</summary>
    public bool IsSelfSigned { get; init; }

    /// <summary>The name that servers' certificates must hold for, whatever address was dialled; "": the address.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Must whoever connects show a certificate?</summary>
    public bool DemandsCertificate => ClientCertAuth || TrustedCaFile.Length > 0;

    /// <summary>Is there anything to show?</summary>
    public bool HasCertificate => CertFile.Length > 0 || KeyFile.Length > 0;

    /// <summary>Reads every file once.</summary>
    /// <exception cref="ConfigurationException">They cannot be worked with; in etcd's words.</exception>
    public void Verify()
    {
        if (AllowedCns.Count > 0 && AllowedHostnames.Count > 0)
            throw new ConfigurationException($"AllowedCNs and AllowedHostnames are mutually exclusive (cns=[{Quoted(AllowedCns)}], hostnames=[{Quoted(AllowedHostnames)}])");
        if (CertFile.Length == 0 || KeyFile.Length == 0)
            throw new ConfigurationException($"KeyFile and CertFile must both be present[key: {KeyFile}, cert: {CertFile}]");
        if (ClientCertFile.Length == 0 != (ClientKeyFile.Length == 0))
        {
            throw new ConfigurationException(
                $"ClientKeyFile and ClientCertFile must both be present or both absent: key: {ClientKeyFile}, cert: {ClientCertFile}]");
        }
        CertificatePair.Load(CertFile, KeyFile);
        if (ClientCertFile.Length > 0)
            CertificatePair.Load(ClientCertFile, ClientKeyFile);
        if (TrustedCaFile.Length > 0)
            TrustedAuthorities.Load(TrustedCaFile);
        CipherSuiteNames.Policy(CipherSuites);
    }

    /// <summary>One line for the log, as etcd writes it.</summary>
    public override string ToString() =>
        $"cert = {CertFile}, key = {KeyFile}, client-cert={ClientCertFile}, client-key={ClientKeyFile}, trusted-ca = {TrustedCaFile}, "
        + $"client-cert-auth = {(ClientCertAuth ? "true" : "false")}, crl-file = {CrlFile}";

    private static string Quoted(IEnumerable<string> names) => string.Join(' ', names.Select(static name => $"\"{name}\""));
}
