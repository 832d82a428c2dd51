using System.Globalization;
using Bench.Compaction;
using Bench.Compare;
using Bench.Servers;

namespace Bench.Commands;

/// <summary><c>bench compaction</c>: what puts feel of a large compaction, here and with etcd.</summary>
internal static class CompactionCommand
{
    public static int Run(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 3);
        var settings = new CompactionRound(
            arguments.Int("revisions", 1_000_000), arguments.Int("keys", 100_000), arguments.Int("clients", 20),
            TimeSpan.FromSeconds(arguments.Number("seconds", 5)));
        var programs = ServerPrograms.Chosen(arguments);
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1 || settings.Revisions < 1 || settings.Keys < 1 || settings.Clients < 1 || settings.Idle <= TimeSpan.Zero)
            throw new BenchException("all numbers must be positive");

        string[] versions = [.. programs.Select(p => p.Version())];
        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        List<CompactionResult>[] results = [.. programs.Select(_ => new List<CompactionResult>())];
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < programs.Length; i++)
            {
                // Which of the two goes first alternates. Each round has servers of its own: the history must be new.
                var n = (i + round) % programs.Length;
                var deployment = pool.Start(programs[n], members: 1);
                var result = settings.Run(deployment.Target);
                pool.Stop(deployment);
                results[n].Add(result);
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round + 1} {programs[n].Name,-5} p99 idle {result.Idle.P99Ms:F2} compacting {result.During.P99Ms:F2} ms  slowest {result.SlowestIdleMs:F0} and {result.SlowestDuringMs:F0} ms  {result.Idle.PerSecond:F0} and {result.During.PerSecond:F0}/s  took {result.During.Seconds:F1} s  others {result.During.OtherCores:F2} cores  errors {result.Errors} {result.ErrorText}"));
            }
        }
        var report = CompactionReport.Render([.. programs.Select((p, n) => (p.Name, versions[n], (IReadOnlyList<CompactionResult>)results[n]))], settings, machine);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "compaction", report);
        return results.Any(r => r.Any(one => one.Errors > 0)) ? 1 : 0;
    }
}
