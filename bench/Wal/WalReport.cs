using System.Globalization;
using Bench.Measure;

namespace Bench.Wal;

/// <summary>The log's throughput as Markdown.</summary>
internal static class WalReport
{
    public static string Render(IReadOnlyList<WalRow> rows, string machine, int rounds, double seconds)
    {
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {rounds} rounds of {seconds:0.#} s each.");
        text.Line();
        text.Line($"- Machine: {machine}");
        text.Line();
        text.Line($"| group | raw groups/s | raw MB/s | log groups/s | log MB/s | log ÷ raw (lowest to highest) | service MB/s, in groups of | service ÷ raw (lowest to highest) |");
        text.Line($"|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var row in rows)
        {
            var (raw, log, service) = (row.Raw(), row.Log(), row.Service());
            text.Line($"| {Size(row.GroupBytes)} | {raw.GroupsPerSecond:N0} | {raw.BytesPerSecond / 1e6:F1} | {log.GroupsPerSecond:N0} | {log.BytesPerSecond / 1e6:F1} | {Share(row.LogShare())} | {service.BytesPerSecond / 1e6:F1}, {Size(service.BytesPerGroup)} | {Share(row.ServiceShare())} |");
        }
        return text.ToString();
    }

    private static string Share((double Median, double Lowest, double Highest) share) => MarkdownText.Cell(share, "F2");

    private static string Size(double bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024:0.#} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024 / 1024:0.##} MiB"),
    };
}
