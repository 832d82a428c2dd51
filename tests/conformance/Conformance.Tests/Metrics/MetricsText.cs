using System.Globalization;
using System.Text.RegularExpressions;

namespace Conformance.Metrics;

/// <summary>A scrape in Prometheus' text format 0.0.4, read strictly: what that format does not allow is an exception.</summary>
internal sealed partial class MetricsText
{
    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);

    private MetricsText()
    {
    }

    public IReadOnlyDictionary<string, Family> Families => _families;

    /// <exception cref="FormatException">A line is no line of that format, or where none may be.</exception>
    public static MetricsText Parse(string text)
    {
        var parsed = new MetricsText();
        if (!text.EndsWith('\n'))
            throw new FormatException("the last line has no end");
        Family? family = null;
        var help = "";
        foreach (var line in text[..^1].Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                help = line.Split(' ', 4)[2];
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                family = parsed.Begin(line.Split(' '), help);
            else
                (family ?? throw new FormatException($"a series before any TYPE: {line}")).Add(line);
        }
        return parsed;
    }

    /// <summary>The value of a series by its name and labels as they stand in the text; null when there is none.</summary>
    public double? Find(string series)
    {
        var name = series.Split('{')[0];
        return _families.TryGetValue(name, out var family) && family.Series.TryGetValue(series, out var value) ? value : null;
    }

    private Family Begin(string[] words, string help)
    {
        if (words.Length != 4 || words[3] is not ("counter" or "gauge" or "histogram" or "summary"))
            throw new FormatException(string.Join(' ', words));
        if (help != words[2])
            throw new FormatException($"HELP of {help} before TYPE of {words[2]}");
        var family = new Family(words[2], words[3]);
        if (!_families.TryAdd(family.Name, family))
            throw new FormatException($"{family.Name} comes twice");
        return family;
    }

    /// <summary>All series of one name.</summary>
    internal sealed class Family(string name, string type)
    {
        public string Name => name;

        public string Type => type;

        /// <summary>Values by the text of the whole series.</summary>
        public Dictionary<string, double> Series { get; } = new(StringComparer.Ordinal);

        /// <summary>Names of the labels, without a histogram's bounds.</summary>
        public SortedSet<string> Labels { get; } = new(StringComparer.Ordinal);

        /// <summary>Bounds of a histogram as texts, in the order of the first series.</summary>
        public List<string> Bounds { get; } = [];

        public void Add(string line)
        {
            var match = SeriesLine().Match(line);
            var suffix = match.Success && match.Groups["name"].Value.StartsWith(name, StringComparison.Ordinal) ? match.Groups["name"].Value[name.Length..] : "?";
            if (suffix.Length > 0 && !(type is "histogram" && suffix is "_bucket" or "_sum" or "_count") && !(type is "summary" && suffix is "_sum" or "_count"))
                throw new FormatException($"no series of {name}: {line}");
            var value = match.Groups["value"].Value is "+Inf" ? double.PositiveInfinity
                : double.Parse(match.Groups["value"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture);
            if (!Series.TryAdd(line[..match.Groups["value"].Index].TrimEnd(), value))
                throw new FormatException($"a series comes twice: {line}");
            foreach (Capture label in match.Groups["label"].Captures)
            {
                if (label.Value is not ("le" or "quantile"))
                    Labels.Add(label.Value);
            }
            if (suffix == "_bucket" && Bound().Match(line) is { Success: true } bound && !Bounds.Contains(bound.Groups[1].Value))
                Bounds.Add(bound.Groups[1].Value);
        }
    }

    [GeneratedRegex("""
        ^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?<label>[a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]|\\["\\n])*",?)*\})? (?<value>[-+]?(\d+(\.\d+)?(e[-+]\d\d+)?|Inf|NaN))$
        """, RegexOptions.ExplicitCapture)]
    private static partial Regex SeriesLine();

    [GeneratedRegex("""
        [{,]le="([^"]*)"
        """)]
    private static partial Regex Bound();
}
