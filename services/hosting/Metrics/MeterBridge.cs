using System.Diagnostics.Metrics;
using Hosting.Telemetry;
using Microsoft.Extensions.Hosting;

namespace Hosting.Metrics;

/// <summary>Shows the registry to whoever listens to .NET's meters, as the exporter of OpenTelemetry does: the same names, labels and numbers.</summary>
internal sealed class MeterBridge(Lazy<MetricRegistry> all) : IHostedLifecycleService, IDisposable
{
    private Meter? _meter;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _meter = new Meter(TelemetrySetup.SourcePrefix + "Metrics");
        foreach (var family in all.Value.Families)
            Show(_meter, family);
        return Task.CompletedTask;
    }

    public void Dispose() => _meter?.Dispose();

    private static void Show(Meter meter, MetricFamily family)
    {
        switch (family.Kind)
        {
            case MetricKind.Counter:
                meter.CreateObservableCounter(family.Name, () => Measure(family), description: family.Help);
                break;
            case MetricKind.Gauge:
                meter.CreateObservableGauge(family.Name, () => Measure(family), description: family.Help);
                break;
            default:
                var bounds = family.Read().Select(static sample => sample.Histogram!.Bounds).FirstOrDefault();
                var histogram = meter.CreateHistogram(
                    family.Name, description: family.Help, advice: bounds is null ? null : new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
                family.Listen?.Invoke((value, labels) => histogram.Record(value, Tags(labels)));
                break;
        }
    }

    private static IEnumerable<Measurement<double>> Measure(MetricFamily family) =>
        family.Read().Select(static sample => new Measurement<double>(sample.Value, Tags(sample.Labels)));

    private static KeyValuePair<string, object?>[] Tags(IReadOnlyList<Label> labels) =>
        [.. labels.Select(static label => new KeyValuePair<string, object?>(label.Name, label.Value))];

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
