using Hosting.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hosting.Telemetry;

/// <summary>Traces and metrics of a process, exported over OTLP when the standard <c>OTEL_*</c> variables say where to.</summary>
public static class TelemetrySetup
{
    /// <summary>Every ActivitySource and Meter of ours has a name that begins so.</summary>
    public const string SourcePrefix = "Distributed.";

    /// <summary>
    /// Registers the exporters asked for; protocol, headers, batching and resource attributes follow the
    /// <c>OTEL_*</c> variables, the sampler too (<see cref="RequestSampling"/>). Registers nothing when no endpoint is set: spans then cost one null check.
    /// </summary>
    /// <param name="builder">The process under construction.</param>
    /// <param name="serviceName"><c>service.name</c> unless <c>OTEL_SERVICE_NAME</c> is set.</param>
    public static void AddTelemetry(this IHostApplicationBuilder builder, string serviceName)
    {
        var settings = TelemetrySettings.From(builder.Configuration);
        if (settings == default)
            return;

        var telemetry = builder.Services.AddOpenTelemetry();
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_SERVICE_NAME"]))
            telemetry.ConfigureResource(resource => resource.AddService(serviceName));
        if (settings.ExportTraces)
            AddTraces(telemetry, builder.Configuration);
        if (!settings.ExportMetrics)
            return;
        builder.Services.AddHostedService<MeterBridge>();
        telemetry.WithMetrics(metrics => metrics
            .AddMeter(SourcePrefix + "*").AddOtlpExporter(exporter => SignalVariables.Apply(exporter, builder.Configuration, "METRICS")));
    }

    private static void AddTraces(IOpenTelemetryBuilder telemetry, IConfiguration configuration)
    {
        var rule = SamplingRule.From(configuration);
        RequestSampling.Use(rule);
        Exemplars.Want();
        telemetry.WithTracing(tracing =>
        {
            tracing.AddSource(SourcePrefix + "*").AddOtlpExporter(exporter => SignalVariables.Apply(exporter, configuration, "TRACES"));
            if (rule.Following(configuration) is { } sampler)
                tracing.SetSampler(sampler);
        });
    }
}
