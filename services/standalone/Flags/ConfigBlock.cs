namespace Standalone.Flags;

/// <summary>A key of the configuration file that holds keys of its own.</summary>
/// <param name="Type">Of etcd's, for its words on what is none.</param>
/// <param name="Flags">Keys in it and the flags that they stand for.</param>
/// <param name="Blocks">Keys in it that hold keys of their own.</param>
internal sealed record ConfigBlock(string Type, IReadOnlyDictionary<string, string> Flags, IReadOnlyDictionary<string, ConfigBlock> Blocks)
{
    private static readonly IReadOnlyDictionary<string, ConfigBlock> s_none = new Dictionary<string, ConfigBlock>();

    private static readonly string[] s_securityKeys = ["cert-file", "key-file", "client-cert-file", "client-key-file", "client-cert-auth", "trusted-ca-file", "auto-tls"];

    /// <summary>By key. What stands for TLS is as in etcd 3.5, discovery as in 3.6.</summary>
    public static readonly IReadOnlyDictionary<string, ConfigBlock> All = new Dictionary<string, ConfigBlock>
    {
        ["client-transport-security"] = Security(""),
        ["peer-transport-security"] = Security("peer-"),
        ["discovery-config"] = new(
            "v3discovery.DiscoveryConfig",
            new Dictionary<string, string> { ["token"] = "discovery-token" },
            new Dictionary<string, ConfigBlock>
            {
                ["client"] = new(
                    "clientv3.ConfigSpec",
                    new Dictionary<string, string>
                    {
                        ["endpoints"] = "discovery-endpoints", ["request-timeout"] = "discovery-request-timeout", ["dial-timeout"] = "discovery-dial-timeout",
                        ["keepalive-time"] = "discovery-keepalive-time", ["keepalive-timeout"] = "discovery-keepalive-timeout",
                    },
                    new Dictionary<string, ConfigBlock>
                    {
                        ["secure"] = new(
                            "clientv3.SecureConfig",
                            new Dictionary<string, string>
                            {
                                ["cert"] = "discovery-cert", ["key"] = "discovery-key", ["cacert"] = "discovery-cacert", ["server-name"] = "discovery-server-name",
                                ["insecure-transport"] = "discovery-insecure-transport", ["insecure-skip-tls-verify"] = "discovery-insecure-skip-tls-verify",
                            },
                            s_none),
                        ["auth"] = new(
                            "clientv3.AuthConfig", new Dictionary<string, string> { ["username"] = "discovery-user", ["password"] = "discovery-password" }, s_none),
                    }),
            }),
    };

    /// <summary>Flags of TLS: outside their block they mean nothing to etcd.</summary>
    public static readonly IReadOnlySet<string> InBlocksOnly = new HashSet<string>(
        All.Where(static pair => pair.Key.EndsWith("-security", StringComparison.Ordinal)).SelectMany(static pair => pair.Value.Flags.Values));

    /// <summary>Of <see cref="Type"/>, without its package.</summary>
    public string Struct => Type[(Type.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static ConfigBlock Security(string prefix) => new(
        "embed.securityConfig",
        s_securityKeys.ToDictionary(static key => key, key => prefix + key),
        s_none);
}
