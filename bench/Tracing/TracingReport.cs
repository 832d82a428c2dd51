using Bench.Measure;

namespace Bench.Tracing;

/// <summary>The cost of traces that are not sampled as Markdown.</summary>
internal static class TracingReport
{
    public static string Render(IReadOnlyList<TracingRow> rows, string machine, string version, int clients, double seconds)
    {
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC: one member without traces and one with, {clients} clients, in turns of {seconds} s.");
        text.Line();
        text.Line($"- Machine: {machine}");
        text.Line($"- {version}");
        text.Line();
        text.Line($"| load | without /s | with /s | without µs CPU/op | with µs CPU/op | with ÷ without (lowest to highest) |");
        text.Line($"|---|---:|---:|---:|---:|---:|");
        foreach (var row in rows)
            text.Line($"| {row.Workload} | {row.PerSecondWithout:N0} | {row.PerSecondWith:N0} | {row.CpuWithout:F2} | {row.CpuWith:F2} | {MarkdownText.Cell(row.CpuRatio, "F3")} |");
        return text.ToString();
    }
}
