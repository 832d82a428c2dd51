namespace Hosting.Settings;

/// <summary>The settings of every service process, whichever service it is.</summary>
public static class ProcessSettings
{
    private static readonly string[] s_services = ["Consensus", "Storage", "WatchHub", "LeaseManager"];

    // Those that a sidecar may be asked for; what carries the data is called directly.
    private static readonly string[] s_apps = ["WatchHub", "LeaseManager"];

    private static readonly string[] s_samplers =
        ["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"];

    /// <summary>Where the other services are. A process may be told of all of them.</summary>
    /// <param name="needed">Those that it cannot do without.</param>
    public static IReadOnlyList<Setting> Services(params string[] needed) =>
    [
        .. s_services.Select(name => (s_apps.Contains(name)
            ? new Setting("Services:" + name, SettingKind.ServiceOrApp, "", $"where {name} is: http://host:port or dapr:app-id, several between commas, or dns:///host:port")
            : new Setting("Services:" + name, SettingKind.Service, "", $"where {name} is: http://host:port, several between commas, or dns:///host:port"))
            with { IsRequired = needed.Contains(name) }),
        new("Services:Spread", SettingKind.Flag, "false", "begin with any of several addresses, not with the first: processes that are configured alike then spread"),
    ];

    /// <summary>TLS of a section.</summary>
    public static IReadOnlyList<Setting> Tls(string section) =>
    [
        new($"{section}:CertFile", SettingKind.Text, "", "certificate, PEM; renewed without a restart"),
        new($"{section}:KeyFile", SettingKind.Text, "", "its private key, PEM"),
        new($"{section}:TrustedCaFile", SettingKind.Text, "", section == "Tls" ? "authorities, PEM; with it the process speaks TLS to all others" : "authorities of client certificates, PEM; then clients must show one"),
        new($"{section}:ClientCertAuth", SettingKind.Flag, "false", "callers must show a certificate"),
        new($"{section}:CrlFile", SettingKind.Text, "", "list of revoked certificates"),
        new($"{section}:AllowedCn", SettingKind.Text, "", "common names of which callers' certificates must hold one, between commas"),
        new($"{section}:AllowedHostname", SettingKind.Text, "", "names of which callers' certificates must hold for one, between commas"),
        new($"{section}:CipherSuites", SettingKind.Text, "", "cipher suites of TLS 1.2, between commas"),
        new($"{section}:MinVersion", SettingKind.Choice, "TLS1.2", "oldest version") { Choices = ["TLS1.2", "TLS1.3"] },
        new($"{section}:MaxVersion", SettingKind.Choice, "", "newest version; empty: whichever there is") { Choices = ["TLS1.2", "TLS1.3"] },
        new($"{section}:ClientCertFile", SettingKind.Text, "", "certificate shown to others, PEM; empty: CertFile"),
        new($"{section}:ClientKeyFile", SettingKind.Text, "", "its private key, PEM"),
        new($"{section}:ServerName", SettingKind.Text, "", "name in the others' certificates, where their address is not in them"),
    ];

    /// <summary>Where the sidecar is, by Dapr's own variables, and what is asked of it.</summary>
    public static IReadOnlyList<Setting> Sidecar { get; } =
    [
        new("Dapr:SecretStore", SettingKind.Text, "", "secret store of Dapr's that has settings under their names, such as Feed:Password or Feed__Password; what is given otherwise counts more; empty: none"),
        new("Dapr:SecretPatience", SettingKind.Duration, "10s", "how long the sidecar is waited for; at most 1h"),
        new("DAPR_GRPC_ENDPOINT", SettingKind.Url, "", "the Dapr sidecar, gRPC; empty: this machine, by DAPR_GRPC_PORT"),
        new("DAPR_GRPC_PORT", SettingKind.Count, "50001", "its port on this machine") { Min = 1, Max = 65_535 },
        new("DAPR_API_TOKEN", SettingKind.Text, "", "what it wants to be shown; empty: nothing") { IsSecret = true },
    ];

    /// <summary>The standard variables that are read here; all others of the SDK hold, too.</summary>
    public static IReadOnlyList<Setting> OpenTelemetry { get; } =
    [
        new("OTEL_EXPORTER_OTLP_ENDPOINT", SettingKind.Url, "", "where traces and metrics are sent; empty: nothing is sent, or recorded"),
        new("OTEL_EXPORTER_OTLP_PROTOCOL", SettingKind.Choice, "grpc", "how") { Choices = ["grpc", "http/protobuf"] },
        new("OTEL_EXPORTER_OTLP_HEADERS", SettingKind.Text, "", "with which headers, name=value between commas") { IsSecret = true },
        new("OTEL_EXPORTER_OTLP_TIMEOUT", SettingKind.Count, "10000", "milliseconds that a transfer may take"),
        .. OfSignal("TRACES", "traces"),
        .. OfSignal("METRICS", "metrics"),
        new("OTEL_TRACES_SAMPLER", SettingKind.Choice, "parentbased_always_on", "which requests are traced; unsampled ones cost least with a \"parentbased_\" one") { Choices = s_samplers },
        new("OTEL_TRACES_SAMPLER_ARG", SettingKind.Share, "1", "share of the requests that bring no trace, of a \"traceidratio\" sampler"),
        new("OTEL_SERVICE_NAME", SettingKind.Text, "", "name of the service in traces and metrics; empty: its own"),
        new("OTEL_SDK_DISABLED", SettingKind.Flag, "false", "send nothing, whatever else is set"),
    ];

    public static IReadOnlyList<Setting> All { get; } =
    [
        new("Listen", SettingKind.Listen, "http://127.0.0.1:8080", "where the service is served to the others, gRPC; https with Tls:*; empty: nowhere"),
        new("HealthListen", SettingKind.Listen, "", "where /healthz and /metrics are served, HTTP/1.1; empty: nowhere"),
        new("LogLevel", SettingKind.Choice, "info", "the least that is logged") { Choices = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"] },
        .. Tls("Tls"),
        .. Sidecar,
        .. OpenTelemetry,
    ];

    private static IEnumerable<Setting> OfSignal(string signal, string what) =>
    [
        new($"OTEL_{signal}_EXPORTER", SettingKind.Choice, "otlp", $"\"none\" sends no {what}") { Choices = ["otlp", "none"] },
        new($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT", SettingKind.Url, "", $"where {what} are sent, if elsewhere; taken as it is"),
        new($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", SettingKind.Choice, "", $"how {what} are sent, if otherwise") { Choices = ["grpc", "http/protobuf"] },
        new($"OTEL_EXPORTER_OTLP_{signal}_HEADERS", SettingKind.Text, "", $"headers of {what}, if others") { IsSecret = true },
        new($"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT", SettingKind.Count, "", $"milliseconds that a transfer of {what} may take, if others"),
    ];
}
