using System.Security.Authentication;

namespace Hosting.Tls;

/// <summary>TLS versions as etcd names them.</summary>
public static class TlsVersions
{
    /// <summary>The versions from <paramref name="min"/> to <paramref name="max"/>.</summary>
    /// <param name="min">"TLS1.2", "TLS1.3", or "" for TLS1.2.</param>
    /// <param name="max">The same; "" for the newest.</param>
    /// <param name="hasCipherSuites">Cipher suites were chosen, which TLS 1.3 does not allow.</param>
    /// <exception cref="ConfigurationException">There are none; in etcd's words.</exception>
    public static SslProtocols Between(string min, string max, bool hasCipherSuites)
    {
        var (first, last) = (Number(min), Number(max));
        if (last != 0 && first > last)
            throw new ConfigurationException($"min version ({min}) is greater than max version ({max})");
        if (hasCipherSuites && first == 3)
            throw new ConfigurationException("cipher suites cannot be configured when only TLS1.3 is enabled");
        return (first == 3 ? SslProtocols.None : SslProtocols.Tls12) | (last == 2 ? SslProtocols.None : SslProtocols.Tls13);
    }

    // The digit after "TLS1."; 0 is "not given".
    private static int Number(string name) => name switch
    {
        "" => 0,
        "TLS1.2" => 2,
        "TLS1.3" => 3,
        _ => throw new ConfigurationException($"unexpected TLS version \"{name}\" (must be one of: TLS1.2, TLS1.3)"),
    };
}
