using System.Net;
using System.Security.Authentication;
using Hosting;
using Hosting.Tls;
using Standalone.Flags;

namespace Standalone.Member;

/// <summary>Reads the flags about TLS, refusing in etcd's words, and at the same occasions, what etcd refuses.</summary>
internal static class TlsFlags
{
    /// <summary>What the client ports are secured with; null when none of them is.</summary>
    /// <param name="flags">What the operator says.</param>
    /// <param name="ports">The client ports.</param>
    /// <param name="metricsPorts">The ports for metrics alone: secured like those.</param>
    /// <param name="warnings">Added to.</param>
    /// <exception cref="StartRefusedException">It cannot be worked with.</exception>
    public static TlsSettings? ForClients(
        FlagSet flags, IReadOnlyList<ListenPoint> ports, IReadOnlyList<ListenPoint> metricsPorts, ICollection<StartWarning> warnings)
    {
        var settings = new TlsSettings
        {
            CertFile = flags.Text("cert-file"),
            KeyFile = flags.Text("key-file"),
            TrustedCaFile = flags.Text("trusted-ca-file"),
            ClientCertAuth = flags.Bool("client-cert-auth"),
            CrlFile = flags.Text("client-crl-file"),
            AllowedHostnames = flags.List("client-cert-allowed-hostname"),
            CipherSuites = flags.List("cipher-suites"),
            Protocols = Protocols(flags),
            ClientCertFile = flags.Text("client-cert-file"),
            ClientKeyFile = flags.Text("client-key-file"),
        };
        VerifyCiphers(settings);
        WarnOfPlainPorts(settings, ports, "client-cert-auth", warnings);
        var secured = ports.FirstOrDefault(static port => port.IsTls);
        if (secured.EndPoint is null && !metricsPorts.Any(static port => port.IsTls))
            return null;
        if (settings.HasCertificate)
        {
            if (flags.Bool("auto-tls"))
                warnings.Add(new("ignoring client auto TLS since certs given", "auto-tls"));
            return Verified(settings, StartRefusedException.Listener);
        }
        return flags.Bool("auto-tls")
            ? settings with { IsSelfSigned = true }
            : throw StartRefusedException.Discovery(secured.EndPoint is null
                ? "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url"
                : $"TLS key/cert (--cert-file, --key-file) must be provided for client url {secured.Url} with HTTPS scheme");
    }

    /// <summary>What the peer ports are secured with, and connections to peer URLs with https; null when nothing is given.</summary>
    /// <exception cref="StartRefusedException">It cannot be worked with.</exception>
    public static TlsSettings? ForPeers(FlagSet flags, IReadOnlyList<ListenPoint> ports, ICollection<StartWarning> warnings)
    {
        var settings = new TlsSettings
        {
            CertFile = flags.Text("peer-cert-file"),
            KeyFile = flags.Text("peer-key-file"),
            TrustedCaFile = flags.Text("peer-trusted-ca-file"),
            ClientCertAuth = flags.Bool("peer-client-cert-auth"),
            CrlFile = flags.Text("peer-crl-file"),
            AllowedCns = flags.List("peer-cert-allowed-cn"),
            AllowedHostnames = flags.List("peer-cert-allowed-hostname"),
            CipherSuites = flags.List("cipher-suites"),
            Protocols = Protocols(flags),
            ClientCertFile = flags.Text("peer-client-cert-file"),
            ClientKeyFile = flags.Text("peer-client-key-file"),
            ChecksOrigin = !flags.Bool("experimental-peer-skip-client-san-verification"),
        };
        VerifyCiphers(settings);
        WarnOfPlainPorts(settings, ports, "peer-client-cert-auth", warnings);
        if (settings.HasCertificate)
        {
            if (flags.Bool("peer-auto-tls"))
                warnings.Add(new("ignoring peer auto TLS since certs given", "peer-auto-tls"));
            return Verified(settings, StartRefusedException.Discovery);
        }
        var secured = ports.FirstOrDefault(static port => port.IsTls);
        if (secured.EndPoint is null)
            return null;
        return flags.Bool("peer-auto-tls")
            ? settings with { IsSelfSigned = true }
            : throw StartRefusedException.Discovery($"cannot listen on TLS for {secured.EndPoint}: KeyFile and CertFile are not presented");
    }

    /// <summary>Makes the certificate of what shall have one of its own making, below the member's folder.</summary>
    /// <param name="settings">May be null, or have files; then it is handed back.</param>
    /// <param name="purpose">"client" or "peer".</param>
    /// <param name="options">The member.</param>
    /// <param name="ports">What it is for.</param>
    public static TlsSettings? WithOwnCertificate(TlsSettings? settings, string purpose, MemberOptions options, IReadOnlyList<ListenPoint> ports)
    {
        if (settings is not { IsSelfSigned: true })
            return settings;
        try
        {
            var hosts = ports.Where(static port => port.IsTls).Select(static port => port.EndPoint).OfType<IPEndPoint>().Select(static endpoint => endpoint.Address.ToString());
            var (certFile, keyFile) = SelfSignedCertificate.In(
                Path.Combine(options.DataDir, "fixtures", purpose), hosts, options.SelfSignedCertYears, TimeProvider.System.GetUtcNow());
            return Verified(settings with { CertFile = certFile, KeyFile = keyFile }, StartRefusedException.Discovery);
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.SelfSigned(refused.Message, purpose);
        }
    }

    private static SslProtocols Protocols(FlagSet flags)
    {
        try
        {
            return TlsVersions.Between(flags.Text("tls-min-version"), flags.Text("tls-max-version"), flags.Text("cipher-suites").Length > 0);
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.Verification(refused.Message);
        }
    }

    private static void VerifyCiphers(TlsSettings settings)
    {
        try
        {
            CipherSuiteNames.Policy(settings.CipherSuites);
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.Discovery(refused.Message);
        }
    }

    private static TlsSettings Verified(TlsSettings settings, Func<string, StartRefusedException> refuse)
    {
        try
        {
            settings.Verify();
            return settings;
        }
        catch (ConfigurationException refused)
        {
            throw refuse(refused.Message);
        }
    }

    private static void WarnOfPlainPorts(TlsSettings settings, IReadOnlyList<ListenPoint> ports, string authFlag, ICollection<StartWarning> warnings)
    {
        foreach (var port in ports.Where(static port => !port.IsTls))
        {
            if (settings.HasCertificate)
                warnings.Add(new("scheme is http or unix while key and cert files are present; ignoring key and cert files", port.Url));
            if (settings.ClientCertAuth)
                warnings.Add(new($"scheme is http or unix while --{authFlag} is enabled; ignoring client cert auth for this URL", port.Url));
        }
    }
}
