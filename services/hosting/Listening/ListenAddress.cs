using System.Net;

namespace Hosting.Listening;

/// <summary>Where to listen, read from a URL such as <c>http://0.0.0.0:8080</c>.</summary>
public static class ListenAddress
{
    /// <summary>Is it an <c>https://</c> URL?</summary>
    public static bool IsTls(string url) => url.StartsWith("https://", StringComparison.Ordinal);

    /// <summary>
    /// Reads <c>http://host:port</c>, or the same with https; the host is an IP address, <c>localhost</c> (loopback), or <c>*</c> or <c>+</c> (every interface). Port 0
    /// lets the system choose.
    /// </summary>
    /// <exception cref="ConfigurationException">Not of that form.</exception>
    public static IPEndPoint Parse(string url)
    {
        var text = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            throw new ConfigurationException($"expected http://address:port to listen on, not \"{url}\"");
        if (uri.Host == "localhost")
            return new(IPAddress.Loopback, uri.Port);
        return IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address)
            ? new(address, uri.Port)
            : throw new ConfigurationException($"expected IP in URL for binding ({url})");
    }
}
