using Hosting.Telemetry;
using Microsoft.Extensions.Configuration;

namespace Hosting.Tests.Telemetry;

public sealed class TelemetrySettingsTests
{
    private static TelemetrySettings From(params (string Key, string Value)[] variables) => TelemetrySettings.From(
        new ConfigurationBuilder().AddInMemoryCollection(variables.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build());

    [Fact]
    public void From_NoVariables_ExportsNothing() => Assert.Equal(default, From(("OTEL_SERVICE_NAME", "x")));

    [Fact]
    public void From_Endpoint_ExportsBoth() => Assert.Equal(new(true, true), From(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317")));

    [Fact]
    public void From_EndpointOfOneSignal_ExportsThatOne() => Assert.Equal(new(true, false), From(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4317")));

    [Fact]
    public void From_ExporterNone_LeavesItOut() =>
        Assert.Equal(new(true, false), From(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"), ("OTEL_METRICS_EXPORTER", "none")));

    [Fact]
    public void From_SdkDisabled_ExportsNothing() =>
        Assert.Equal(default, From(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"), ("OTEL_SDK_DISABLED", "TRUE")));
}
