using System.Diagnostics;
using Hosting.Metrics;

namespace Hosting.Tests.Metrics;

/// <summary>The exposition format of OpenMetrics, and the exemplars that only it has.</summary>
public sealed class OpenMetricsFormatTests
{
    private readonly MetricRegistry _registry = new([]);

    private string[] Lines => OpenMetricsFormat.Write(_registry.Families).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Families_AreOfTheTypesThatTheirNamesAllow()
    {
        _registry.Add("a_total", "A \"counter\".", new Counter());
        _registry.Add("b", "B.", new Counter());
        _registry.Add("c", "C.", new Gauge { Value = 3 });
        Assert.Equal(
            [
                "# HELP a A \\\"counter\\\".", "# TYPE a counter", "a_total 0", "# HELP b B.", "# TYPE b unknown", "b 0",
                "# HELP c C.", "# TYPE c gauge", "c 3", "# EOF",
            ],
            Lines);
    }

    [Fact]
    public void Histogram_ValueOfASampledTrace_IsItsBucketsExemplar()
    {
        Exemplars.Want();
        var histogram = new Histogram([0.5, 1, 1e6]);
        _registry.Add("took_seconds", "Took.", histogram);
        histogram.Observe(0.25);
        using var span = new Activity("a request").SetIdFormat(ActivityIdFormat.W3C);
        span.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        span.Start();
        histogram.Observe(0.75);
        span.Stop();
        var exemplar = Assert.Single(histogram.Read().Exemplars!, static exemplar => exemplar is not null)!;
        Assert.Equal((0.75, span.Context), (exemplar.Value, exemplar.Trace));
        Assert.InRange(exemplar.At, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        var at = (exemplar.At.ToUnixTimeMilliseconds() / 1000m).ToString("0.000", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(
            [
                "took_seconds_bucket{le=\"0.5\"} 1", $"took_seconds_bucket{{le=\"1.0\"}} 2 # {{trace_id=\"{span.TraceId}\",span_id=\"{span.SpanId}\"}} 0.75 {at}",
                "took_seconds_bucket{le=\"1e+06\"} 2", "took_seconds_bucket{le=\"+Inf\"} 2", "took_seconds_sum 1", "took_seconds_count 2", "# EOF",
            ],
            Lines[2..]);
        // Whoever does not ask sees nothing of it.
        Assert.DoesNotContain("trace_id", TextFormat.Write(_registry.Families), StringComparison.Ordinal);
    }

    [Fact]
    public void Histogram_OfAThreadThatWorksForATrace_HasItAsExemplarUntilItDoesNot()
    {
        Exemplars.Want();
        var trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var histogram = new Histogram([1]);
        Exemplars.WorkFor(trace);
        histogram.Observe(0.5);
        Exemplars.WorkFor(default);
        histogram.Observe(2);
        Assert.Equal([trace, default], histogram.Read().Exemplars!.Select(static exemplar => exemplar?.Trace ?? default));
    }

    [Fact]
    public void Histogram_ValueOfATraceThatIsNotSampled_IsNone()
    {
        Exemplars.Want();
        var histogram = new Histogram([1]);
        using var span = new Activity("a request").SetIdFormat(ActivityIdFormat.W3C).Start();
        histogram.Observe(0.5);
        Assert.Null(histogram.Read().Exemplars);
    }
}
