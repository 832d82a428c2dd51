using System.Globalization;
using System.Text;
using Bench.Measure;

namespace Bench.Compare;

/// <summary>The comparison as Markdown.</summary>
internal static class Report
{
    // More than this by anything else, and a row says as much about the neighbours as about the servers.
    private const double DisturbingCores = 0.3;

    public static string Render(Comparison comparison, string machine, string etcdVersion, string ourVersion, string settings)
    {
        var text = new StringBuilder();
        Line(text, $"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {settings}.");
        Line(text, $"");
        Line(text, $"- Machine: {machine}");
        Line(text, $"- etcd: {etcdVersion}");
        Line(text, $"- ours: {ourVersion}");
        Line(text, $"");
        Throughput(text, comparison);
        Line(text, $"");
        LatencyAndMemory(text, comparison);
        Disturbances(text, comparison.Results);
        Failures(text, comparison.Results);
        return text.ToString();
    }

    private static void Throughput(StringBuilder text, Comparison comparison)
    {
        Line(text, $"| load | etcd /s | ours /s | ours ÷ etcd (lowest to highest) | etcd µs CPU/op | ours µs CPU/op | ours ÷ etcd (lowest to highest) |");
        Line(text, $"|---|---:|---:|---:|---:|---:|---:|");
        foreach (var row in comparison.Results)
        {
            if (!row.HasResult)
            {
                Line(text, $"| {row.Name} | failed | | | | | |");
                continue;
            }
            var (etcd, ours) = row.Median(r => r.PerSecond);
            var (etcdCpu, ourCpu) = row.Median(Cpu);
            Line(text, $"| {row.Name} | {etcd:N0} | {ours:N0} | {Ratio(row.Ratio(r => r.PerSecond))} | {etcdCpu:F1} | {ourCpu:F1} | {Ratio(row.Ratio(Cpu))} |");
        }
    }

    private static void LatencyAndMemory(StringBuilder text, Comparison comparison)
    {
        Line(text, $"| load | etcd p50 / p99 / p99.9 ms | ours p50 / p99 / p99.9 ms | etcd peak RSS MB | ours peak RSS MB | client µs CPU/op, etcd / ours | other processes, cores, etcd / ours |");
        Line(text, $"|---|---:|---:|---:|---:|---:|---:|");
        if (comparison.StartMs.Count > 0)
        {
            var starts = comparison.StartMs;
            var middle = starts.Count / 2;
            Line(text, $"| process start to first answered put | {starts.Select(s => s.Etcd).Order().ElementAt(middle):F0} | {starts.Select(s => s.Ours).Order().ElementAt(middle):F0} | | | | |");
        }
        foreach (var row in comparison.Results.Where(r => r.HasResult))
        {
            var p50 = row.Median(r => r.P50Ms);
            var p99 = row.Median(r => r.P99Ms);
            var p999 = row.Median(r => r.P999Ms);
            var peak = row.Median(r => (r.ServerPeakBytes ?? 0) / 1e6);
            var client = row.Median(r => r.ClientCpuPerOp);
            var others = row.Median(r => r.OtherCores ?? 0);
            Line(text, $"| {row.Name} | {p50.Etcd:F2} / {p99.Etcd:F2} / {p999.Etcd:F2} | {p50.Ours:F2} / {p99.Ours:F2} / {p999.Ours:F2} | {peak.Etcd:F0} | {peak.Ours:F0} | {client.Etcd:F1} / {client.Ours:F1} | {others.Etcd:F2} / {others.Ours:F2} |");
        }
    }

    private static void Disturbances(StringBuilder text, IReadOnlyList<Measurements> rows)
    {
        string[] disturbed = [.. rows.Where(r => r.HasResult && IsDisturbed(r)).Select(r => r.Name)];
        if (disturbed.Length == 0)
            return;
        Line(text, $"");
        Line(text, $"**Disturbed**: other processes kept more than {DisturbingCores} cores busy, measure again on a quiet machine: {string.Join("; ", disturbed)}.");
    }

    private static bool IsDisturbed(Measurements row)
    {
        var (etcd, ours) = row.Median(r => r.OtherCores ?? 0);
        return Math.Max(etcd, ours) > DisturbingCores;
    }

    private static void Failures(StringBuilder text, IReadOnlyList<Measurements> rows)
    {
        foreach (var row in rows.Where(r => r.Failures.Count > 0))
        {
            Line(text, $"");
            Line(text, $"Failed: {row.Name}: {string.Join("; ", row.Failures)}");
        }
    }

    private static double Cpu(LoadResult result) => result.ServerCpuPerOp ?? double.NaN;

    private static string Ratio((double Median, double Lowest, double Highest) ratio) =>
        string.Create(CultureInfo.InvariantCulture, $"**{ratio.Median:F2}** ({ratio.Lowest:F2} to {ratio.Highest:F2})");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(FormattableString.Invariant(line)).Append('\n');
}
