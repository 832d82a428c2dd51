using System.Globalization;
using Bench.Measure;

namespace Bench.Compare;

/// <summary>The comparison as Markdown.</summary>
internal static class Report
{
    // More than this by anything else, and a row says as much about the neighbours as about the servers.
    private const double DisturbingCores = 0.3;

    public static string Render(IReadOnlyList<Comparison> comparisons, string machine, string etcdVersion, string ourVersion, string settings)
    {
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {settings}.");
        text.Line();
        text.Line($"- Machine: {machine}");
        text.Line($"- etcd: {etcdVersion}");
        text.Line($"- ours: {ourVersion}");
        foreach (var comparison in comparisons)
        {
            text.Line();
            text.Line($"### {comparison.Section.Title}");
            text.Line();
            Throughput(text, comparison);
            text.Line();
            LatencyAndMemory(text, comparison);
            Disturbances(text, comparison.Results);
            Failures(text, comparison.Results);
        }
        return text.ToString();
    }

    private static void Throughput(MarkdownText text, Comparison comparison)
    {
        text.Line($"| load | etcd /s | ours /s | ours ÷ etcd (lowest to highest) | etcd µs CPU/op | ours µs CPU/op | ours ÷ etcd (lowest to highest) |");
        text.Line($"|---|---:|---:|---:|---:|---:|---:|");
        foreach (var row in comparison.Results)
        {
            if (!row.HasResult)
            {
                text.Line($"| {row.Name} | failed | | | | | |");
                continue;
            }
            var (etcd, ours) = row.Median(r => r.PerSecond);
            var (etcdCpu, ourCpu) = row.Median(Cpu);
            text.Line($"| {row.Name} | {etcd:N0} | {ours:N0} | {Ratio(row.Ratio(r => r.PerSecond))} | {etcdCpu:F1} | {ourCpu:F1} | {Ratio(row.Ratio(Cpu))} |");
        }
    }

    private static void LatencyAndMemory(MarkdownText text, Comparison comparison)
    {
        var ofMembers = comparison.Section.Members == 1 ? "" : ", largest (all)";
        text.Line($"| load | etcd p50 / p99 / p99.9 ms | ours p50 / p99 / p99.9 ms | etcd peak RSS MB{ofMembers} | ours peak RSS MB{ofMembers} | client µs CPU/op, etcd / ours | other processes, cores, etcd / ours |");
        text.Line($"|---|---:|---:|---:|---:|---:|---:|");
        if (comparison.StartMs.Count > 0)
        {
            var starts = comparison.StartMs;
            var middle = starts.Count / 2;
            var ofEach = comparison.Section.Members == 1 ? "" : " of every member";
            text.Line($"| process start to first answered put{ofEach} | {starts.Select(s => s.Etcd).Order().ElementAt(middle):F0} | {starts.Select(s => s.Ours).Order().ElementAt(middle):F0} | | | | |");
        }
        foreach (var row in comparison.Results.Where(r => r.HasResult))
        {
            var p50 = row.Median(r => r.P50Ms);
            var p99 = row.Median(r => r.P99Ms);
            var p999 = row.Median(r => r.P999Ms);
            var peak = row.Median(r => r.LargestServerPeakBytes / 1e6);
            var sum = row.Median(r => r.ServerPeakBytes.Sum() / 1e6);
            var client = row.Median(r => r.ClientCpuPerOp);
            var others = row.Median(r => r.OtherCores ?? 0);
            text.Line($"| {row.Name} | {p50.Etcd:F2} / {p99.Etcd:F2} / {p999.Etcd:F2} | {p50.Ours:F2} / {p99.Ours:F2} / {p999.Ours:F2} | {Peak(comparison, peak.Etcd, sum.Etcd)} | {Peak(comparison, peak.Ours, sum.Ours)} | {client.Etcd:F1} / {client.Ours:F1} | {others.Etcd:F2} / {others.Ours:F2} |");
        }
    }

    private static void Disturbances(MarkdownText text, IReadOnlyList<Measurements> rows)
    {
        string[] disturbed = [.. rows.Where(r => r.HasResult && IsDisturbed(r)).Select(r => r.Name)];
        if (disturbed.Length == 0)
            return;
        text.Line();
        text.Line($"**Disturbed**: other processes kept more than {DisturbingCores} cores busy, measure again on a quiet machine: {string.Join("; ", disturbed)}.");
    }

    private static bool IsDisturbed(Measurements row)
    {
        var (etcd, ours) = row.Median(r => r.OtherCores ?? 0);
        return Math.Max(etcd, ours) > DisturbingCores;
    }

    private static void Failures(MarkdownText text, IReadOnlyList<Measurements> rows)
    {
        foreach (var row in rows.Where(r => r.Failures.Count > 0))
        {
            text.Line();
            text.Line($"Failed: {row.Name}: {string.Join("; ", row.Failures)}");
        }
    }

    private static double Cpu(LoadResult result) => result.TotalServerCpuPerOp;

    private static string Peak(Comparison comparison, double largest, double sum) => comparison.Section.Members == 1
        ? largest.ToString("F0", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{largest:F0} ({sum:F0})");

    private static string Ratio((double Median, double Lowest, double Highest) ratio) => MarkdownText.Cell(ratio, "F2");
}
