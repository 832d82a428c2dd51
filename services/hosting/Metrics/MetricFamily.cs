namespace Hosting.Metrics;

public enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A label of a series.</summary>
public readonly record struct Label(string Name, string Value);

/// <summary>One series at one moment: a number, or a histogram.</summary>
public readonly record struct Sample(IReadOnlyList<Label> Labels, double Value, HistogramState? Histogram = null);

/// <summary>All series of one name.</summary>
/// <param name="Name">As it is exposed.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Kind">As it is exposed: etcd calls some counters gauges.</param>
/// <param name="Read">The series now.</param>
public sealed record MetricFamily(string Name, string Help, MetricKind Kind, Func<IEnumerable<Sample>> Read)
{
    /// <summary>Lets somebody else hear each value of histograms, with the labels of their series; null for other families.</summary>
    internal Action<Action<double, IReadOnlyList<Label>>>? Listen { get; init; }
}
