using Bench.Measure;

namespace Bench.Store;

/// <summary>The figures of the storage engine as Markdown.</summary>
internal static class StoreReport
{
    private const double Megabyte = 1024 * 1024;

    public static void Local(MarkdownText text, IReadOnlyList<LocalRound> rounds, int keys)
    {
        text.Line($"| one operation, {keys:N0} keys | data file: µs | of it commits, µs | bytes allocated | in memory: µs |");
        text.Line($"|---|---:|---:|---:|---:|");
        Put(text, "put of an existing key", rounds, static f => f.Replacing);
        Put(text, "put of a new key", rounds, static f => f.Inserting);
        text.Line($"| range of one key | {Cell(rounds, static r => r.File.Range.Microseconds, "F2")} | | {Median(rounds, static r => r.File.Range.Bytes):F0} | {Cell(rounds, static r => r.Memory.Range.Microseconds, "F2")} |");
        text.Line();
        text.Line($"- Counting all keys: {Cell(rounds, static r => r.File.CountMilliseconds, "F2")} ms");
        text.Line($"- Opening the data file: {Cell(rounds, static r => r.OpenSeconds, "F2")} s, of processor time {Median(rounds, static r => r.OpenProcessorSeconds):F2} s; then on the managed heap: {Cell(rounds, static r => r.HeapBytesPerKey, "F0")} bytes a key");
    }

    public static void Servers(MarkdownText text, IReadOnlyList<(string Name, IReadOnlyList<ServerContentResult> Results)> servers, int keys)
    {
        text.Line($"| server with {keys:N0} keys | RSS empty, MB | RSS filled, MB (anonymous) | RSS started again, MB (anonymous) | start to first answered put, s |");
        text.Line($"|---|---:|---:|---:|---:|");
        foreach (var (name, results) in servers)
        {
            double Mb(Func<ServerContentResult, long> bytes) => Figures.Median(results.Select(r => bytes(r) / Megabyte));
            text.Line($"| {name} | {Mb(static r => r.Empty.Resident):F0} | {Mb(static r => r.Filled.Resident):F0} ({Mb(static r => r.Filled.Anonymous):F0}) | {Mb(static r => r.Restarted.Resident):F0} ({Mb(static r => r.Restarted.Anonymous):F0}) | {MarkdownText.Cell(Figures.Spread(results.Select(static r => r.Start.TotalSeconds)), "F2")} |");
        }
    }

    private static void Put(
        MarkdownText text, string name, IReadOnlyList<LocalRound> rounds, Func<LocalFigures, (double Microseconds, double Bytes, double Commit)> put) =>
        text.Line($"| {name} | {Cell(rounds, r => put(r.File).Microseconds, "F2")} | {Median(rounds, r => put(r.File).Commit):F2} | {Median(rounds, r => put(r.File).Bytes):F0} | {Cell(rounds, r => put(r.Memory).Microseconds, "F2")} |");

    private static string Cell(IReadOnlyList<LocalRound> rounds, Func<LocalRound, double> figure, string format) =>
        MarkdownText.Cell(Figures.Spread(rounds.Select(figure)), format);

    private static double Median(IReadOnlyList<LocalRound> rounds, Func<LocalRound, double> figure) => Figures.Median(rounds.Select(figure));
}
