namespace Standalone.Flags;

/// <summary>The sections of etcd's usage text.</summary>
internal static class FlagGroups
{
    /// <summary>In the order of the text.</summary>
    public static readonly IReadOnlyList<string> All =
        ["Member", "Clustering", "Security", "Auth", "Profiling and Monitoring", "Logging", "v2 Proxy", "Experimental", "Unsafe"];

    private static readonly HashSet<string> s_clustering =
    [
        "advertise-client-urls", "auto-compaction-mode", "auto-compaction-retention", "enable-v2", "strict-reconfig-check", "pre-vote", "v2-deprecation",
    ];

    private static readonly HashSet<string> s_security = ["auto-tls", "cert-file", "key-file", "trusted-ca-file", "cipher-suites", "cors", "host-whitelist", "self-signed-cert-validity"];

    /// <summary>The section of a flag.</summary>
    public static string Of(string name) => name switch
    {
        "force-new-cluster" or "unsafe-no-fsync" => "Unsafe",
        "bcrypt-cost" => "Auth",
        "enable-pprof" or "metrics" or "listen-metrics-urls" => "Profiling and Monitoring",
        "logger" or "enable-log-rotation" => "Logging",
        "initial-election-tick-advance" => "Member",
        _ when name.StartsWith("experimental-", StringComparison.Ordinal) => "Experimental",
        _ when name.StartsWith("proxy", StringComparison.Ordinal) => "v2 Proxy",
        _ when name.StartsWith("log-", StringComparison.Ordinal) => "Logging",
        _ when name.StartsWith("auth-", StringComparison.Ordinal) => "Auth",
        _ when s_security.Contains(name) || name.StartsWith("peer-", StringComparison.Ordinal) || name.StartsWith("client-", StringComparison.Ordinal)
            || name.StartsWith("tls-", StringComparison.Ordinal) => "Security",
        _ when s_clustering.Contains(name) || name.StartsWith("initial-", StringComparison.Ordinal) || name.StartsWith("discovery", StringComparison.Ordinal) => "Clustering",
        _ => "Member",
    };
}
