using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Hosting.Tls;

/// <summary>The client's side of TLS between processes of ours. The certificate that it shows may be renewed at any time. Thread-safe.</summary>
public sealed class ClientTls
{
    private readonly TlsSettings _settings;
    private readonly CertificateFiles? _files;
    private readonly CertificateCheck _check;
    private readonly X509ChainPolicy _policy;

    /// <exception cref="ConfigurationException">The files cannot be used.</exception>
    public ClientTls(TlsSettings settings, ILogger logger)
    {
        _settings = settings;
        var (cert, key) = settings.ClientCertFile.Length > 0 ? (settings.ClientCertFile, settings.ClientKeyFile) : (settings.CertFile, settings.KeyFile);
        _files = cert.Length > 0 ? new(cert, key, logger) : null;
        _check = new(settings);
        _policy = TrustedAuthorities.Policy(settings.TrustedCaFile);
    }

    /// <summary>Options for any number of connections; which host each is for is known to it when it is made.</summary>
    public SslClientAuthenticationOptions Options()
    {
#pragma warning disable CA5398 // Which versions is the operator's word.
        return new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = _settings.Protocols,
            CipherSuitesPolicy = CipherSuiteNames.Policy(_settings.CipherSuites),
            CertificateChainPolicy = _policy.Clone(),
            LocalCertificateSelectionCallback = _files is { } files ? (_, _, _, _, _) => files.Current.Certificate : null,
            RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                _check.ServerComplaint(certificate as X509Certificate2, chain, errors, (sender as SslStream)?.TargetHostName ?? "") is null,
        };
#pragma warning restore CA5398
    }

    /// <summary>Options for one connection, to <paramref name="host"/>; the reason of a refusal is thrown.</summary>
    /// <param name="host">Name or address that is dialled.</param>
    public SslClientAuthenticationOptions OptionsFor(string host)
    {
        var options = Options();
        options.TargetHost = host;
        options.LocalCertificateSelectionCallback = null;
        options.ClientCertificateContext = _files?.Current.Context;
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            _check.ServerComplaint(certificate as X509Certificate2, chain, errors, host) is not { } complaint
                ? true
                : throw new IOException(complaint);
        return options;
    }
}
