using System.Diagnostics.Metrics;
using Hosting.Metrics;

namespace Hosting.Tests.Metrics;

/// <summary>Listens to .NET's meters as an exporter does, and finds what the registry has.</summary>
public sealed class MeterBridgeTests
{
    [Fact]
    public async Task Meters_ShowTheRegistry()
    {
        var registry = new MetricRegistry([]);
        var counters = new Labeled<Counter>(static () => new Counter(), "kind");
        counters.With("a").Add(3);
        var histogram = new Histogram([1, 2]);
        var histograms = new Labeled<Histogram>(static () => new Histogram([1]), "To");
        registry.Add("bridge_test_total", "Counted.", counters);
        registry.Add("bridge_test_seconds", "Timed.", histogram);
        registry.Add("bridge_test_trips", "Timed by label.", histograms);
        using var bridge = new MeterBridge(new Lazy<MetricRegistry>(() => registry));
        var heard = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("bridge_test", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            heard.Add($"{instrument.Name} {string.Join(',', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"))} {value}"));
        listener.Start();

        await bridge.StartedAsync(CancellationToken.None);
        histogram.Observe(1.5);
        histograms.With("later").Observe(0.5);
        listener.RecordObservableInstruments();

        Assert.Equal(["bridge_test_seconds  1.5", "bridge_test_total kind=a 3", "bridge_test_trips To=later 0.5"], heard.Order(StringComparer.Ordinal));
    }
}
