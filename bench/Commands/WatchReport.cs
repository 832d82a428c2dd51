using Bench.Compare;
using Bench.Measure;
using Bench.Workloads.Watching;

namespace Bench.Commands;

/// <summary>Catching up and idle watches as Markdown.</summary>
internal static class WatchReport
{
    public static string Render(
        Measurements caughtUp, int revisions, int valueBytes, IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<IdleWatchesResult>> idles, int watches, int streams)
    {
        var text = new MarkdownText();
        if (caughtUp.HasResult)
            CatchUp(text, caughtUp, revisions, valueBytes);
        if (idles[0].Count > 0)
            Idle(text, names, idles, watches, streams);
        return text.ToString();
    }

    private static void CatchUp(MarkdownText text, Measurements caughtUp, int revisions, int valueBytes)
    {
        var (etcd, ours) = caughtUp.Median(static result => result.PerSecond);
        var (etcdRead, ourRead) = caughtUp.Median(static result => result.Operations);
        var (etcdCpu, ourCpu) = caughtUp.Median(static result => result.TotalServerCpuPerOp);
        var (etcdPeak, ourPeak) = caughtUp.Median(static result => result.LargestServerPeakBytes / 1e6);
        text.Line();
        text.Line($"### Catching up");
        text.Line();
        text.Line($"One watch of everything from the first revision on, {revisions:N0} revisions of {valueBytes} bytes written before; cut off after 30 s.");
        text.Line();
        text.Line($"| etcd events read | ours events read | etcd events/s | ours events/s | ours ÷ etcd (lowest to highest) | etcd µs CPU/event | ours µs CPU/event | ours ÷ etcd (lowest to highest) | peak RSS MB, etcd / ours |");
        text.Line($"|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        text.Line($"| {etcdRead:N0} | {ourRead:N0} | {etcd:N0} | {ours:N0} | {MarkdownText.Cell(caughtUp.Ratio(static result => result.PerSecond), "F2")} | {etcdCpu:F2} | {ourCpu:F2} | {MarkdownText.Cell(caughtUp.Ratio(static result => result.TotalServerCpuPerOp), "F2")} | {etcdPeak:F0} / {ourPeak:F0} |");
    }

    private static void Idle(MarkdownText text, IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<IdleWatchesResult>> idles, int watches, int streams)
    {
        text.Line();
        text.Line($"### Idle watches");
        text.Line();
        text.Line($"{watches:N0} watches, each of a key of its own (20 bytes), on {streams} streams; resident memory of the server before, and 5 s behind.");
        text.Line();
        text.Line($"| server | before, MB | with the watches, MB | bytes a watch (lowest to highest) | peak, MB | opened in s |");
        text.Line($"|---|---:|---:|---:|---:|---:|");
        for (var n = 0; n < names.Count; n++)
        {
            var all = idles[n];
            var each = MarkdownText.Cell(Figures.Spread(all.Select(one => (double)(one.After.Resident - one.Before.Resident) / watches)), "F0");
            text.Line($"| {names[n]} | {Median(all, one => one.Before.Resident / 1e6):F0} | {Median(all, one => one.After.Resident / 1e6):F0} | {each} | {Median(all, one => one.PeakBytes / 1e6):F0} | {Median(all, one => one.Seconds):F1} |");
        }
        foreach (var failed in idles.SelectMany(static all => all).Where(static one => one.Errors > 0))
            text.Line($"\nFailed: {failed.ErrorText}");
    }

    private static double Median(IEnumerable<IdleWatchesResult> all, Func<IdleWatchesResult, double> figure) => Figures.Median(all.Select(figure));
}
