using System.Globalization;
using System.Text;

namespace Bench.Measure;

/// <summary>A report in the making. Numbers are written alike whatever the culture.</summary>
internal sealed class MarkdownText
{
    private readonly StringBuilder _text = new();

    public void Line(FormattableString line) => _text.Append(FormattableString.Invariant(line)).Append('\n');

    public void Line() => _text.Append('\n');

    /// <summary>Median, lowest and highest as a cell of a table.</summary>
    public static string Cell((double Median, double Lowest, double Highest) figure, string format) => string.Create(
        CultureInfo.InvariantCulture,
        $"**{figure.Median.ToString(format, CultureInfo.InvariantCulture)}** ({figure.Lowest.ToString(format, CultureInfo.InvariantCulture)} to {figure.Highest.ToString(format, CultureInfo.InvariantCulture)})");

    public override string ToString() => _text.ToString();
}
