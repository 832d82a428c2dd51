namespace Hosting.Metrics;

/// <summary>The metrics of a process: names for the instruments that its parts own. Filled once, read whenever somebody scrapes.</summary>
public sealed class MetricRegistry
{
    private static readonly IReadOnlyList<Label> s_none = [];

    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    public MetricRegistry(IEnumerable<IMetricSource> sources)
    {
        foreach (var source in sources)
            source.Describe(this);
    }

    /// <summary>In the order of their names.</summary>
    public IEnumerable<MetricFamily> Families => _families.Values;

    /// <exception cref="ArgumentException">Two parts claim the same name.</exception>
    public void Add(MetricFamily family) => _families.Add(family.Name, family);

    public void Add(string name, string help, Counter counter) => Add(name, help, MetricKind.Counter, () => counter.Value);

    public void Add(string name, string help, Gauge gauge) => Add(name, help, MetricKind.Gauge, () => gauge.Value);

    /// <summary>A number that is asked for at each scrape.</summary>
    public void Add(string name, string help, MetricKind kind, Func<double> value) => Add(new(name, help, kind, () => [new(s_none, value())]));

    /// <summary>A gauge of 1 whose label tells something.</summary>
    /// <param name="name">Of the metric.</param>
    /// <param name="help">One sentence.</param>
    /// <param name="label">Of the text.</param>
    /// <param name="text">What is told; null while it is not known.</param>
    public void AddText(string name, string help, string label, Func<string?> text) =>
        Add(new(name, help, MetricKind.Gauge, () => text() is { } known ? [new([new(label, known)], 1)] : []));

    public void Add(string name, string help, Histogram histogram) => Add(new(name, help, MetricKind.Histogram, () => [new(s_none, 0, histogram.Read())])
    {
        Listen = hear => histogram.Listener = value => hear(value, s_none),
    });

    public void Add(string name, string help, Labeled<Counter> counters) =>
        Add(new(name, help, MetricKind.Counter, () => Read(counters, static (labels, counter) => new(labels, counter.Value))));

    public void Add(string name, string help, Labeled<Gauge> gauges) =>
        Add(new(name, help, MetricKind.Gauge, () => Read(gauges, static (labels, gauge) => new(labels, gauge.Value))));

    public void Add(string name, string help, Labeled<Histogram> histograms) =>
        Add(new(name, help, MetricKind.Histogram, () => Read(histograms, static (labels, histogram) => new(labels, 0, histogram.Read())))
        {
            Listen = hear =>
            {
                histograms.OnAdded = Hear;
                foreach (var (values, histogram) in histograms.Series)
                    Hear(values, histogram);

                void Hear(IReadOnlyList<string> values, Histogram histogram)
                {
                    var labels = LabelsOf(histograms.Labels, values);
                    histogram.Listener = value => hear(value, labels);
                }
            },
        });

    private static IEnumerable<Sample> Read<T>(Labeled<T> instruments, Func<IReadOnlyList<Label>, T, Sample> sample)
        where T : class =>
        instruments.Series.Select(series => sample(LabelsOf(instruments.Labels, series.Values), series.Instrument));

    private static Label[] LabelsOf(IReadOnlyList<string> names, IReadOnlyList<string> values) => [.. names.Zip(values, static (name, value) => new Label(name, value))];
}
