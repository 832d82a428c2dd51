using Hosting.Metrics;

namespace Hosting.Tests.Metrics;

/// <summary>The exposition format, compared with texts that etcd's own library writes.</summary>
public sealed class TextFormatTests
{
    private readonly MetricRegistry _registry = new([]);

    private string[] Lines => TextFormat.Write(_registry.Families).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // Numbers as etcd 3.5 prints them, bounds of buckets among them: those are labels, compared as text.
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(-1, "-1")]
    [InlineData(0.001, "0.001")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(7.148e-06, "7.148e-06")]
    [InlineData(0.04394463999999999, "0.04394463999999999")]
    [InlineData(163.84, "163.84")]
    [InlineData(3.2768, "3.2768")]
    [InlineData(819200, "819200")]
    [InlineData(524288, "524288")]
    [InlineData(1048576, "1.048576e+06")]
    [InlineData(1000000, "1e+06")]
    [InlineData(2147483648, "2.147483648e+09")]
    [InlineData(34353152, "3.4353152e+07")]
    [InlineData(1795902785.78, "1.79590278578e+09")]
    [InlineData(18446744073709551615, "1.8446744073709552e+19")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void Number_IsAsEtcdPrintsIt(double value, string text) => Assert.Equal(text, TextFormat.Number(value));

    [Fact]
    public void Counter_HasHelpTypeAndValue()
    {
        var counter = new Counter();
        _registry.Add("things_total", "How many.\nAnd a \\.", counter);
        counter.Increment();
        counter.Add(2);
        Assert.Equal(["# HELP things_total How many.\\nAnd a \\\\.", "# TYPE things_total counter", "things_total 3"], Lines);
    }

    [Fact]
    public void Labels_AreEscapedAndInTheOrderOfTheirNames()
    {
        var counters = new Labeled<Counter>(static () => new Counter(), "a", "b");
        counters.With("2", "x").Increment();
        counters.With("1", "say \"hi\"\n\\");
        _registry.Add("named", "Named.", counters);
        Assert.Equal(["named{a=\"1\",b=\"say \\\"hi\\\"\\n\\\\\"} 0", "named{a=\"2\",b=\"x\"} 1"], Lines[2..]);
    }

    [Fact]
    public void Histogram_CountsAtOrBelowEachBound()
    {
        var histograms = new Labeled<Histogram>(static () => new Histogram([0.5, 1]), "To");
        var histogram = histograms.With("b");
        foreach (var value in (double[])[0.25, 0.5, 0.75, 1, 5])
            histogram.Observe(value);
        _registry.Add("took_seconds", "Took.", histograms);
        Assert.Equal(
            [
                "# TYPE took_seconds histogram", "took_seconds_bucket{To=\"b\",le=\"0.5\"} 2", "took_seconds_bucket{To=\"b\",le=\"1\"} 4",
                "took_seconds_bucket{To=\"b\",le=\"+Inf\"} 5", "took_seconds_sum{To=\"b\"} 7.5", "took_seconds_count{To=\"b\"} 5",
            ],
            Lines[1..]);
    }

    [Fact]
    public void Families_AreSorted_AndThoseWithoutASeriesAreLeftOut()
    {
        _registry.Add("b", "B.", new Counter());
        _registry.Add("c", "C.", new Labeled<Counter>(static () => new Counter(), "x"));
        _registry.Add("a", "A.", new Gauge { Value = -2 });
        _registry.AddText("text", "Text.", "told", static () => null);
        Assert.Equal(["# HELP a A.", "# TYPE a gauge", "a -2", "# HELP b B.", "# TYPE b counter", "b 0"], Lines);
    }

    [Fact]
    public void Add_OfANameThatIsTaken_IsRefused()
    {
        _registry.Add("a", "A.", new Counter());
        Assert.Throws<ArgumentException>(() => _registry.Add("a", "A.", new Counter()));
    }

    [Fact]
    public void Labeled_IsBounded()
    {
        var counters = new Labeled<Counter>(static () => new Counter(), "x");
        for (var i = 0; i < Labeled<Counter>.MaxSeries + 10; i++)
            counters.With($"{i}").Increment();
        Assert.InRange(counters.Series.Count(), Labeled<Counter>.MaxSeries, Labeled<Counter>.MaxSeries + 1);
        Assert.Equal(10, counters.With("other").Value);
    }

    [Fact]
    public void Observe_FromManyThreads_LosesNothing()
    {
        var histogram = new Histogram([1]);
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 1000; i++)
                histogram.Observe(0.5);
        });
        var state = histogram.Read();
        Assert.Equal((8000L, 4000.0), (state.Cumulative[^1], state.Sum));
    }

    [Fact]
    public void Instruments_AllocateNothing()
    {
        var (counter, histogram) = (new Counter(), new Histogram(Buckets.Default));
        histogram.Observe(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            counter.Increment();
            histogram.Observe(i / 100.0);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
