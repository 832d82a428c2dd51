using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Hosting.Telemetry;

/// <summary>
/// The exporter's variables that are of one signal, <c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c> and the like, which stand before those of all signals. The exporter of a single signal reads the
/// latter alone.
/// </summary>
internal static class SignalVariables
{
    public const string Grpc = "grpc", HttpProtobuf = "http/protobuf";

    /// <exception cref="ConfigurationException">A value that is none.</exception>
    public static void Apply(OtlpExporterOptions options, IConfiguration configuration, string signal)
    {
        if (Read("PROTOCOL") is { } protocol)
        {
            options.Protocol = protocol.Value switch
            {
                Grpc => OtlpExportProtocol.Grpc,
                HttpProtobuf => OtlpExportProtocol.HttpProtobuf,
                _ => throw new ConfigurationException($"{protocol.Key} must be {Grpc} or {HttpProtobuf}, not \"{protocol.Value}\""),
            };
        }
        // After the protocol, on which the default depends; taken as it is, no path added.
        if (Read("ENDPOINT") is { } endpoint)
        {
            options.Endpoint = Uri.TryCreate(endpoint.Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? uri
                : throw new ConfigurationException($"{endpoint.Key} must be an http or https URL, not \"{endpoint.Value}\"");
        }
        if (Read("HEADERS") is { } headers)
            options.Headers = headers.Value;
        if (Read("TIMEOUT") is { } timeout)
        {
            options.TimeoutMilliseconds = int.TryParse(timeout.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                ? milliseconds
                : throw new ConfigurationException($"{timeout.Key} must be a whole number of milliseconds, not \"{timeout.Value}\"");
        }

        (string Key, string Value)? Read(string name)
        {
            var key = $"OTEL_EXPORTER_OTLP_{signal}_{name}";
            return configuration[key] is { Length: > 0 } value ? (key, value) : null;
        }
    }
}
