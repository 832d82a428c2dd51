using Microsoft.Extensions.Configuration;

namespace Hosting.Telemetry;

/// <summary>
/// Which signals the standard variables (OpenTelemetry specification, "SDK environment variables" and "OTLP exporter") ask for.
/// Without an endpoint nothing is exported, and so nothing is registered.
/// </summary>
internal readonly record struct TelemetrySettings(bool ExportTraces, bool ExportMetrics)
{
    public static TelemetrySettings From(IConfiguration configuration)
    {
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase))
            return default;
        return new(IsWanted(configuration, "TRACES"), IsWanted(configuration, "METRICS"));
    }

    private static bool IsWanted(IConfiguration configuration, string signal) =>
        configuration[$"OTEL_{signal}_EXPORTER"] != "none"
        && (IsSet(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || IsSet(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]));

    private static bool IsSet(string? value) => !string.IsNullOrEmpty(value);
}
