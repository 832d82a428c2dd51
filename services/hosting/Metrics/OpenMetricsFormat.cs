using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Hosting.Metrics;

/// <summary>
/// OpenMetrics 1.0.0: the text format with an end that shows, bounds that are seen to be numbers, and exemplars. A counter whose name lacks the <c>_total</c> that it must have here is of unknown type, as
/// Prometheus' own library does it.
/// </summary>
public static class OpenMetricsFormat
{
    public const string ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private const string MediaType = "application/openmetrics-text", Total = "_total";

    /// <summary>Does an Accept header ask for it, and for nothing else more?</summary>
    public static bool IsAskedFor(StringValues accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept.ToArray()!, out var wanted))
            return false;
        var best = wanted.Where(IsThis).Select(QualityOf).DefaultIfEmpty(0).Max();
        return best > 0 && !wanted.Any(type => type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase) && QualityOf(type) > best);
    }

    /// <summary>Families without a series are left out.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder(64 * 1024);
        foreach (var family in families)
            Write(text, family);
        return text.Append("# EOF\n").ToString();
    }

    private static bool IsThis(MediaTypeHeaderValue type) =>
        type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase)
        && (type.Parameters.FirstOrDefault(static parameter => parameter.Name == "version") is not { } version || version.Value.Value is "1.0.0" or "0.0.1");

    private static double QualityOf(MediaTypeHeaderValue type) => type.Quality ?? 1;

    private static void Write(StringBuilder text, MetricFamily family)
    {
        var samples = family.Read().ToList();
        if (samples.Count == 0)
            return;
        var (name, kind) = family.Kind switch
        {
            MetricKind.Counter when family.Name.EndsWith(Total, StringComparison.Ordinal) => (family.Name[..^Total.Length], "counter"),
            MetricKind.Counter => (family.Name, "unknown"),
            MetricKind.Gauge => (family.Name, "gauge"),
            _ => (family.Name, "histogram"),
        };
        text.Append("# HELP ").Append(name).Append(' ').Append(TextFormat.Escape(family.Help)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
        foreach (var sample in samples)
        {
            if (sample.Histogram is { } histogram)
                Write(text, family.Name, sample.Labels, histogram);
            else
                WriteSeries(text, family.Name, sample.Labels, null, sample.Value);
        }
    }

    private static void Write(StringBuilder text, string name, IReadOnlyList<Label> labels, HistogramState histogram)
    {
        for (var i = 0; i < histogram.Cumulative.Count; i++)
        {
            var bound = i < histogram.Bounds.Count ? Bound(histogram.Bounds[i]) : "+Inf";
            WriteSeries(text, name + "_bucket", labels, bound, histogram.Cumulative[i], histogram.Exemplars?[i]);
        }
        WriteSeries(text, name + "_sum", labels, null, histogram.Sum);
        WriteSeries(text, name + "_count", labels, null, histogram.Cumulative[^1]);
    }

    private static void WriteSeries(StringBuilder text, string name, IReadOnlyList<Label> labels, string? upperBound, double value, Exemplar? exemplar = null)
    {
        TextFormat.AppendName(text, name, labels, upperBound);
        text.Append(' ').Append(TextFormat.Number(value));
        if (exemplar is not null)
        {
            var at = exemplar.At.ToUnixTimeMilliseconds() / 1000m;
            text.Append(" # {trace_id=\"").Append(exemplar.Trace.TraceId.ToHexString()).Append("\",span_id=\"").Append(exemplar.Trace.SpanId.ToHexString())
                .Append("\"} ").Append(TextFormat.Number(exemplar.Value)).Append(' ').Append(at.ToString("0.000", CultureInfo.InvariantCulture));
        }
        text.Append('\n');
    }

    // Bounds are floating-point numbers, and look so.
    private static string Bound(double value)
    {
        var text = TextFormat.Number(value);
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }
}
