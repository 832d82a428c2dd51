using Microsoft.Extensions.Logging;

namespace Hosting.Tls;

/// <summary>
/// A certificate and its key in two files that may be renewed at any time. They are looked at, not read, at each use, and read again when they have changed; what cannot be read,
/// such as a pair of which one half is new, leaves the pair before it in use. Thread-safe.
/// </summary>
internal sealed class CertificateFiles
{
    private readonly string _certFile;
    private readonly string _keyFile;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private Loaded _loaded;

    /// <exception cref="ConfigurationException">The files cannot be used.</exception>
    public CertificateFiles(string certFile, string keyFile, ILogger logger)
    {
        (_certFile, _keyFile, _logger) = (certFile, keyFile, logger);
        // The stamps first: what changes after them is read again.
        var stamps = Stamps();
        _loaded = new(stamps, CertificatePair.Load(certFile, keyFile));
    }

    /// <summary>The pair to show now.</summary>
    public CertificatePair Current
    {
        get
        {
            var stamps = Stamps();
            var loaded = Volatile.Read(ref _loaded);
            return loaded.Stamps == stamps ? loaded.Pair : Renew(stamps);
        }
    }

    private CertificatePair Renew((FileStamp, FileStamp) stamps)
    {
        lock (_gate)
        {
            if (_loaded.Stamps == stamps)
                return _loaded.Pair;
            try
            {
                // The pair before may be in use by handshakes under way: the collector ends it.
                Volatile.Write(ref _loaded, new(stamps, CertificatePair.Load(_certFile, _keyFile)));
                var notAfter = _loaded.Pair.Certificate.NotAfter;
                TlsLog.Renewed(_logger, _certFile, notAfter);
            }
            catch (ConfigurationException unusable)
            {
                Volatile.Write(ref _loaded, _loaded with { Stamps = stamps });
                TlsLog.NotRenewed(_logger, _certFile, _keyFile, unusable.Message);
            }
            return _loaded.Pair;
        }
    }

    private (FileStamp, FileStamp) Stamps() => (FileStamp.Of(_certFile), FileStamp.Of(_keyFile));

    private sealed record Loaded((FileStamp, FileStamp) Stamps, CertificatePair Pair);
}
