using Hosting.Tls;
using Standalone.Flags;

namespace Standalone.Discovery;

/// <summary>Reads the flags that say how members find each other.</summary>
internal static class DiscoveryFlags
{
    /// <summary>Where v3 discovery is served: "host:port" or URLs, between commas.</summary>
    public const string Endpoints = "discovery-endpoints";

    // One way of them at most.
    private static readonly string[] s_methods = ["initial-cluster", "discovery", Endpoints, "discovery-srv"];

    // Any of them means v3.
    private static readonly string[] s_v3 =
        ["discovery-token", Endpoints, "discovery-cert", "discovery-key", "discovery-cacert", "discovery-user", "discovery-password"];

    /// <summary>Null: they are named by <c>--initial-cluster</c>.</summary>
    /// <exception cref="StartRefusedException">The flags contradict each other.</exception>
    public static DiscoveryOptions? Read(FlagSet flags)
    {
        if (s_v3.Any(flag => flags.Text(flag).Length > 0) && (flags.Text("discovery").Length > 0 || flags.Text("discovery-proxy").Length > 0))
        {
            throw StartRefusedException.Verification(
                "both v2 discovery settings (discovery, discovery-proxy) and v3 discovery settings (discovery-token, discovery-endpoints, discovery-cert, "
                + "discovery-key, discovery-cacert, discovery-user, discovery-password) are set");
        }
        if (s_methods.Count(method => flags.Text(method).Length > 0) > 1)
        {
            throw StartRefusedException.Verification(
                "multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", \"discovery\" or \"discovery-srv\"");
        }
        if (flags.Text("discovery-token").Length > 0 || flags.Text(Endpoints).Length > 0)
            return V3(flags);
        if (flags.Text("discovery") is { Length: > 0 } url)
            return new V2DiscoveryOptions(url) { Proxy = flags.Text("discovery-proxy"), FallsBackToProxy = flags.Text("discovery-fallback") == "proxy" };
        return flags.Text("discovery-srv") is { Length: > 0 } domain ? new SrvDiscoveryOptions(domain, flags.Text("discovery-srv-name")) : null;
    }

    /// <summary>The refusal of an endpoint that is none.</summary>
    public static StartRefusedException EmptyEndpoint() => StartRefusedException.Verification("--discovery-endpoints must not contain empty endpoints");

    private static V3DiscoveryOptions V3(FlagSet flags)
    {
        if (flags.Text("discovery-token").Length == 0 || flags.Text(Endpoints).Length == 0)
            throw StartRefusedException.Verification("both --discovery-token and --discovery-endpoints must be set");
        if (flags.Text(Endpoints).Split(',').Any(string.IsNullOrWhiteSpace))
            throw EmptyEndpoint();
        var (user, password) = (flags.Text("discovery-user"), flags.Text("discovery-password"));
        var colon = user.IndexOf(':', StringComparison.Ordinal);
        if (password.Length == 0 && colon >= 0)
            (user, password) = (user[..colon], user[(colon + 1)..]);
        return new V3DiscoveryOptions(flags.Text("discovery-token"), flags.List(Endpoints))
        {
            DialTimeout = flags.Duration("discovery-dial-timeout"),
            RequestTimeout = flags.Duration("discovery-request-timeout"),
            KeepAliveTime = flags.Duration("discovery-keepalive-time"),
            KeepAliveTimeout = flags.Duration("discovery-keepalive-timeout"),
            Tls = Tls(flags),
            User = user,
            Password = password,
        };
    }

    private static TlsSettings? Tls(FlagSet flags)
    {
        var settings = new TlsSettings
        {
            CertFile = flags.Text("discovery-cert"),
            KeyFile = flags.Text("discovery-key"),
            TrustedCaFile = flags.Text("discovery-cacert"),
            ServerName = flags.Text("discovery-server-name"),
            IsSelfSigned = flags.Bool("discovery-insecure-skip-tls-verify"),
        };
        return settings.HasCertificate || settings.TrustedCaFile.Length > 0 || settings.ServerName.Length > 0 || !flags.Bool("discovery-insecure-transport") ? settings : null;
    }
}
