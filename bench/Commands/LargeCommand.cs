using System.Globalization;
using Bench.Compare;
using Bench.Large;
using Bench.Measure;
using Bench.Servers;

namespace Bench.Commands;

/// <summary><c>bench large</c>: whether puts slow down when the store is large.</summary>
internal static class LargeCommand
{
    public static int Run(Arguments arguments)
    {
        var gigabytes = arguments.Number("gigabytes", 20);
        var valueBytes = arguments.Int("value-bytes", 16 * 1024);
        var rounds = arguments.Int("rounds", 5);
        var program = ServerPrograms.Ours(arguments);
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        var output = arguments.Text("output");
        arguments.RequireAllKnown();
        if (gigabytes <= 0 || valueBytes < 1 || rounds < 1)
            throw new BenchException("--gigabytes, --value-bytes and --rounds must be above 0");

        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        var result = new LargeStore(pool, program).Measure((long)(gigabytes * 1e9), valueBytes, rounds);
        var rate = result.Puts.Median(static load => load.PerSecond);
        var p99 = result.Puts.Median(static load => load.P99Ms);
        var ratio = result.Puts.Ratio(static load => load.PerSecond);
        var report = string.Create(CultureInfo.InvariantCulture, $"""
            Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC: {result.Keys:N0} keys with values of {valueBytes:N0} bytes, then puts of 100 clients, {rounds} rounds in turns with an empty store.

            - Machine: {machine}
            - ours: {program.Version()}

            | store | puts/s | p99, ms | large ÷ empty (lowest to highest) |
            |---|---:|---:|---:|
            | empty | {rate.Etcd:N0} | {p99.Etcd:F2} | |
            | {gigabytes:0.#} GB | {rate.Ours:N0} | {p99.Ours:F2} | **{ratio.Median:F2}** ({ratio.Lowest:F2} to {ratio.Highest:F2}) |

            Files of the large store: {Megabytes(result.DataBytes)} MB. Its memory, without pages of files: {Megabytes(result.Filled.Anonymous)} MB after the puts, {Megabytes(result.Restarted.Anonymous)} MB
            after a start. From that start to the first answered put: {result.Start.TotalSeconds:F2} s.

            """);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "large", report);
        return 0;
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("N0", CultureInfo.InvariantCulture);
}
