using Bench.Measure;

namespace Bench.Failover;

/// <summary>The losses of a leader as Markdown.</summary>
internal static class FailoverReport
{
    public static string Render(IReadOnlyList<(string Server, string Version, IReadOnlyList<FailoverResult> Rounds)> servers, FailoverRound settings, string machine)
    {
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC: three members, {settings.Clients} clients putting at the two that do not lead, the leader killed {servers[0].Rounds.Count} times.");
        text.Line();
        text.Line($"- Machine: {machine}");
        foreach (var (server, version, _) in servers)
            text.Line($"- {server}: {version}");
        text.Line();
        text.Line($"| server | no write acknowledged for, ms (lowest to highest) | the same before the kill, ms | slowest write, ms (lowest to highest) | client errors a kill (lowest to highest) | puts/s before the kill |");
        text.Line($"|---|---:|---:|---:|---:|---:|");
        foreach (var (server, _, rounds) in servers)
        {
            var before = Figures.Median(rounds.Select(r => r.BeforePerSecond));
            var quiet = Figures.Median(rounds.Select(r => r.QuietGap.TotalMilliseconds));
            text.Line($"| {server} | {Spread(rounds, r => r.Gap.TotalMilliseconds)} | {quiet:F0} | {Spread(rounds, r => r.SlowestWrite.TotalMilliseconds)} | {Spread(rounds, r => r.Errors)} | {before:N0} |");
        }
        foreach (var (server, _, rounds) in servers)
        {
            string[] errors = [.. rounds.Where(r => r.Errors > 0).Select(r => r.ErrorText)];
            if (errors.Length == 0)
                continue;
            text.Line();
            text.Line($"Errors of {server}, kill by kill: {string.Join(" / ", errors)}.");
        }
        return text.ToString();
    }

    private static string Spread(IReadOnlyList<FailoverResult> rounds, Func<FailoverResult, double> figure) =>
        MarkdownText.Cell(Figures.Spread(rounds.Select(figure)), "F0");
}
