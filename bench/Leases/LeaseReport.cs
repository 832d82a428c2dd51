using Bench.Measure;

namespace Bench.Leases;

/// <summary>Leases as Markdown.</summary>
internal static class LeaseReport
{
    public static string Render(IReadOnlyList<(string Server, string Version, IReadOnlyList<LeaseResult> Rounds)> servers, LeaseRound settings, string machine)
    {
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {servers[0].Rounds.Count} rounds: one member, {settings.Live:N0} live leases; {settings.Clients} clients grant and keep alive; {settings.Ending:N0} leases with a key each end in the same second while {settings.Putters} clients put. Medians.");
        text.Line();
        text.Line($"- Machine: {machine}");
        foreach (var (server, version, _) in servers)
            text.Line($"- {server}: {version}");
        text.Line();
        text.Line($"| server | grants/s | keep-alives/s | µs CPU each | p99, ms | resident bytes a lease | gone after, s | p99 of puts idle, ms | while they end, ms |");
        text.Line($"|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (server, _, rounds) in servers)
        {
            double Of(Func<LeaseResult, double> figure) => Figures.Median(rounds.Select(figure));
            text.Line($"| {server} | {Of(r => r.Grants.PerSecond):N0} | {Of(r => r.KeepAlives.PerSecond):N0} | {Of(r => r.KeepAlives.TotalServerCpuPerOp):F1} | {Of(r => r.KeepAlives.P99Ms):F2} | {Of(r => r.BytesPerLease):N0} | {Of(r => r.EndingSeconds):F1} | {Of(r => r.Idle.P99Ms):F2} | {Of(r => r.Ending.P99Ms):F2} |");
        }
        return text.ToString();
    }
}
