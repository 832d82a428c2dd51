using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Hosting.Tls;

/// <summary>The server's side of TLS on a port. Certificate, key and revocation list may be renewed while it serves; the authorities are read once. Thread-safe.</summary>
internal sealed class ServerTls
{
    private readonly CertificateFiles _files;
    private readonly CertificateCheck _check;
    private readonly X509ChainPolicy _policy;
    private readonly CipherSuitesPolicy? _ciphers;
    private readonly string _port;
    private readonly ILogger _logger;

    /// <param name="settings">What it is secured with.</param>
    /// <param name="port">For log lines: "client", "peer".</param>
    /// <param name="logger">Where refused connections are logged.</param>
    /// <exception cref="ConfigurationException">The files cannot be used.</exception>
    public ServerTls(TlsSettings settings, string port, ILogger logger)
    {
        settings.Verify();
        (Settings, _port, _logger) = (settings, port, logger);
        _files = new(settings.CertFile, settings.KeyFile, logger);
        _check = new(settings);
        _policy = TrustedAuthorities.Policy(settings.TrustedCaFile);
        _ciphers = CipherSuiteNames.Policy(settings.CipherSuites);
    }

    public TlsSettings Settings { get; }

    /// <summary>Logs a connection that is not served.</summary>
    public void Reject(EndPoint? remote, string serverName, string error) => TlsLog.Rejected(_logger, _port, remote, serverName, error);

    /// <summary>How one handshake is done.</summary>
    public SslServerAuthenticationOptions OptionsFor(TlsAttempt attempt)
    {
#pragma warning disable CA5398 // Which versions is the operator's word.
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _files.Current.Context,
            EnabledSslProtocols = Settings.Protocols,
            CipherSuitesPolicy = _ciphers,
            ClientCertificateRequired = Settings.DemandsCertificate,
            CertificateChainPolicy = Settings.DemandsCertificate ? _policy.Clone() : null,
            RemoteCertificateValidationCallback = Settings.DemandsCertificate
                ? (_, certificate, chain, errors) =>
                {
                    attempt.Complaint = _check.ClientComplaint(certificate as X509Certificate2, chain, errors);
                    return attempt.Complaint is null;
                }
                : null,
        };
#pragma warning restore CA5398
    }
}
