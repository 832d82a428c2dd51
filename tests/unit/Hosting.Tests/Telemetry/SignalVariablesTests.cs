using Hosting.Telemetry;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Hosting.Tests.Telemetry;

/// <summary>Variables of one signal stand before those of all, and those of another signal say nothing.</summary>
public sealed class SignalVariablesTests
{
    [Fact]
    public void Apply_VariablesOfTheSignal_ReplaceTheOthers()
    {
        var options = new OtlpExporterOptions();
        SignalVariables.Apply(
            options,
            Configuration(
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/own"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
                ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=b"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"), ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics")),
            "TRACES");
        Assert.Equal(
            (new Uri("http://traces:4318/own"), OtlpExportProtocol.HttpProtobuf, "a=b", 250),
            (options.Endpoint, options.Protocol, options.Headers, options.TimeoutMilliseconds));
    }

    [Theory]
    [InlineData("PROTOCOL", "http/json", "must be grpc or http/protobuf, not \"http/json\"")]
    [InlineData("ENDPOINT", "collector", "must be an http or https URL, not \"collector\"")]
    [InlineData("TIMEOUT", "10s", "must be a whole number of milliseconds, not \"10s\"")]
    public void Apply_Nonsense_IsRefusedWithTheVariablesName(string name, string value, string complaint)
    {
        var key = "OTEL_EXPORTER_OTLP_TRACES_" + name;
        var refused = Assert.Throws<ConfigurationException>(() => SignalVariables.Apply(new OtlpExporterOptions(), Configuration((key, value)), "TRACES"));
        Assert.Equal($"{key} {complaint}", refused.Message);
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] variables) => new ConfigurationBuilder()
        .AddInMemoryCollection(variables.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();
}
