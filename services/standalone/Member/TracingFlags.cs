using System.Globalization;
using Standalone.Flags;

namespace Standalone.Member;

/// <summary>etcd's flags about traces, as the standard OpenTelemetry settings that they amount to, and which they replace: metrics then go nowhere over OTLP.</summary>
internal static class TracingFlags
{
    private const long Million = 1_000_000;

    /// <summary>Empty unless traces are wanted.</summary>
    /// <exception cref="StartRefusedException">The rate is none.</exception>
    public static Dictionary<string, string> Settings(FlagSet flags)
    {
        if (!flags.Bool("experimental-enable-distributed-tracing"))
            return [];
        var perMillion = long.Parse(flags.Text("experimental-distributed-tracing-sampling-rate"), CultureInfo.InvariantCulture);
        if (perMillion is < 0 or > Million)
        {
            var complaint = perMillion < 0 ? "must be positive" : $"must be less than {Million}";
            throw StartRefusedException.Verification($"distributed tracing configurition is not valid: (tracing sampling rate {complaint})");
        }
        var settings = new Dictionary<string, string>
        {
            // Not the endpoint of traces alone: the exporter that is registered for one signal does not look at it.
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://" + flags.Text("experimental-distributed-tracing-address"),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_METRICS_EXPORTER"] = "none",
            ["OTEL_SERVICE_NAME"] = flags.Text("experimental-distributed-tracing-service-name"),
            ["OTEL_TRACES_SAMPLER"] = perMillion == 0 ? "parentbased_always_off" : "parentbased_traceidratio",
            ["OTEL_TRACES_SAMPLER_ARG"] = ((double)perMillion / Million).ToString(CultureInfo.InvariantCulture),
        };
        if (flags.Text("experimental-distributed-tracing-instance-id") is { Length: > 0 } instance)
            settings["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=" + instance;
        return settings;
    }
}
