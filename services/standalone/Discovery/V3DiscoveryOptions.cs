using Hosting.Tls;

namespace Standalone.Discovery;

/// <summary>Members find each other by keys of a v3 key space (<c>--discovery-token</c> and <c>--discovery-endpoints</c>, as in etcd 3.6).</summary>
/// <param name="Token">Names the cluster to be.</param>
/// <param name="Endpoints">Where the key space is served: "host:port", or URLs.</param>
internal sealed record V3DiscoveryOptions(string Token, IReadOnlyList<string> Endpoints) : DiscoveryOptions
{
    public required TimeSpan DialTimeout { get; init; }

    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Silence after which the service is pinged, and how long it may take to answer.</summary>
    public required TimeSpan KeepAliveTime { get; init; }

    public required TimeSpan KeepAliveTimeout { get; init; }

    /// <summary>Speak TLS to endpoints that do not say it themselves; null: in clear.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>"": nobody has to log in.</summary>
    public string User { get; init; } = "";

    public string Password { get; init; } = "";
}
