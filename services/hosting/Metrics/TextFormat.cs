using System.Globalization;
using System.Text;

namespace Hosting.Metrics;

/// <summary>Prometheus' text exposition format, version 0.0.4, with numbers as etcd's library writes them: bounds of buckets are labels, and labels are compared as text.</summary>
public static class TextFormat
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

    // Of Go's format "g" for the fewest digits: beyond these powers of ten a number is written with an exponent.
    private const int MinPlainExponent = -4;
    private const int MaxPlainExponent = 5;

    /// <summary>Families without a series are left out.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder(64 * 1024);
        foreach (var family in families)
            Write(text, family);
        return text.ToString();
    }

    private static void Write(StringBuilder text, MetricFamily family)
    {
        var samples = family.Read().ToList();
        if (samples.Count == 0)
            return;
        var help = family.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        text.Append("# HELP ").Append(family.Name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(family.Name).Append(' ').Append(KindName(family.Kind)).Append('\n');
        foreach (var sample in samples)
        {
            if (sample.Histogram is { } histogram)
                Write(text, family.Name, sample.Labels, histogram);
            else
                WriteSeries(text, family.Name, sample.Labels, null, Number(sample.Value));
        }
    }

    private static void Write(StringBuilder text, string name, IReadOnlyList<Label> labels, HistogramState histogram)
    {
        for (var i = 0; i < histogram.Bounds.Count; i++)
            WriteSeries(text, name + "_bucket", labels, Number(histogram.Bounds[i]), Number(histogram.Cumulative[i]));
        var count = Number(histogram.Cumulative[^1]);
        WriteSeries(text, name + "_bucket", labels, "+Inf", count);
        WriteSeries(text, name + "_sum", labels, null, Number(histogram.Sum));
        WriteSeries(text, name + "_count", labels, null, count);
    }

    private static void WriteSeries(StringBuilder text, string name, IReadOnlyList<Label> labels, string? upperBound, string value)
    {
        AppendName(text, name, labels, upperBound);
        text.Append(' ').Append(value).Append('\n');
    }

    /// <summary>The name with its labels, that of a bucket's bound the last.</summary>
    internal static void AppendName(StringBuilder text, string name, IReadOnlyList<Label> labels, string? upperBound)
    {
        text.Append(name);
        var separator = '{';
        foreach (var label in labels)
        {
            text.Append(separator).Append(label.Name).Append("=\"").Append(Escape(label.Value)).Append('"');
            separator = ',';
        }
        if (upperBound is not null)
        {
            text.Append(separator).Append("le=\"").Append(upperBound).Append('"');
            separator = ',';
        }
        if (separator == ',')
            text.Append('}');
    }

    private static string KindName(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    internal static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    /// <summary>The shortest text that reads back as the same number.</summary>
    public static string Number(double value)
    {
        if (double.IsNaN(value))
            return "NaN";
        if (double.IsInfinity(value))
            return value > 0 ? "+Inf" : "-Inf";
        if (value == 0)
            return "0";
        var (sign, digits, exponent) = Split(value.ToString("R", CultureInfo.InvariantCulture));
        if (exponent < MinPlainExponent || exponent > MaxPlainExponent)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }
        if (exponent < 0)
            return sign + "0." + new string('0', -exponent - 1) + digits;
        return exponent + 1 >= digits.Length
            ? sign + digits + new string('0', exponent + 1 - digits.Length)
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    // Into a sign, significant digits d.ddd without the point, and the power of ten of the first.
    private static (string Sign, string Digits, int Exponent) Split(string text)
    {
        var sign = text.StartsWith('-') ? "-" : "";
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var power = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = text[sign.Length..(e < 0 ? text.Length : e)];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var leading = all.Length - all.TrimStart('0').Length;
        var exponent = (point < 0 ? all.Length : point) - 1 - leading + power;
        return (sign, all.Trim('0'), exponent);
    }
}
