using Microsoft.Extensions.Configuration;

namespace Hosting.Tls;

/// <summary>
/// TLS of a service that is a process of its own, from a section of its configuration (<c>Tls</c>; <c>Gateway:Tls</c> for a gateway's client ports): <c>CertFile</c>,
/// <c>KeyFile</c>, <c>TrustedCaFile</c>, <c>ClientCertAuth</c>, <c>CrlFile</c>, <c>AllowedCn</c>, <c>AllowedHostname</c>, <c>CipherSuites</c>, <c>MinVersion</c>,
/// <c>MaxVersion</c>, <c>ClientCertFile</c>, <c>ClientKeyFile</c>, <c>ServerName</c>; lists are separated by commas. What each says is what etcd's flag of that name does, and
/// <see cref="TlsSettings"/>.
/// </summary>
public static class TlsConfiguration
{
    /// <exception cref="ConfigurationException">A value that is none.</exception>
    public static TlsSettings Read(IConfigurationSection section)
    {
        var ciphers = List(section["CipherSuites"]);
        return new TlsSettings
        {
            CertFile = section["CertFile"] ?? "",
            KeyFile = section["KeyFile"] ?? "",
            TrustedCaFile = section["TrustedCaFile"] ?? "",
            ClientCertAuth = bool.TryParse(section["ClientCertAuth"] ?? "false", out var isDemanded)
                ? isDemanded
                : throw new ConfigurationException($"{section.Path}:ClientCertAuth is \"{section["ClientCertAuth"]}\", not true or false"),
            CrlFile = section["CrlFile"] ?? "",
            AllowedCns = List(section["AllowedCn"]),
            AllowedHostnames = List(section["AllowedHostname"]),
            CipherSuites = ciphers,
            Protocols = TlsVersions.Between(section["MinVersion"] ?? "", section["MaxVersion"] ?? "", ciphers.Length > 0),
            ClientCertFile = section["ClientCertFile"] ?? "",
            ClientKeyFile = section["ClientKeyFile"] ?? "",
            ServerName = section["ServerName"] ?? "",
        };
    }

    private static string[] List(string? text) => (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
