using Bench.Measure;

namespace Bench.Compaction;

/// <summary>Puts without and during a compaction as Markdown.</summary>
internal static class CompactionReport
{
    public static string Render(
        IReadOnlyList<(string Server, string Version, IReadOnlyList<CompactionResult> Rounds)> servers, CompactionRound settings, string machine)
    {
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {servers[0].Rounds.Count} rounds: one member, {settings.Revisions:N0} revisions of {settings.Keys:N0} keys compacted away while {settings.Clients} clients put.");
        text.Line();
        text.Line($"- Machine: {machine}");
        foreach (var (server, version, _) in servers)
            text.Line($"- {server}: {version}");
        text.Line();
        text.Line($"| server | puts/s idle | puts/s compacting | p99 idle, ms | p99 compacting, ms | p99 ratio (lowest to highest) | slowest put idle, ms | slowest put compacting, ms | compaction took, s |");
        text.Line($"|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (server, _, rounds) in servers)
        {
            double Of(Func<CompactionResult, double> figure) => Figures.Median(rounds.Select(figure));
            var ratio = MarkdownText.Cell(Figures.Spread(rounds.Select(r => r.P99Ratio)), "F2");
            text.Line($"| {server} | {Of(r => r.Idle.PerSecond):N0} | {Of(r => r.During.PerSecond):N0} | {Of(r => r.Idle.P99Ms):F2} | {Of(r => r.During.P99Ms):F2} | {ratio} | {Of(r => r.SlowestIdleMs):F0} | {Of(r => r.SlowestDuringMs):F0} | {Of(r => r.During.Seconds):F1} |");
        }
        return text.ToString();
    }
}
