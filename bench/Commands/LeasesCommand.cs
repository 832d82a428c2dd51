using System.Globalization;
using Bench.Compare;
using Bench.Leases;
using Bench.Servers;

namespace Bench.Commands;

/// <summary><c>bench leases</c>: many leases at once, here and with etcd.</summary>
internal static class LeasesCommand
{
    public static int Run(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 1);
        var settings = new LeaseRound(
            arguments.Int("live", 1_000_000), arguments.Int("ending", 100_000), arguments.Int("clients", 100), arguments.Int("putters", 20),
            TimeSpan.FromSeconds(arguments.Number("seconds", 5)));
        var programs = ServerPrograms.Chosen(arguments);
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1 || settings.Live < 1 || settings.Ending < 1 || settings.Clients < 1 || settings.Putters < 1 || settings.Phase <= TimeSpan.Zero)
            throw new BenchException("all numbers must be positive");

        string[] versions = [.. programs.Select(p => p.Version())];
        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        List<LeaseResult>[] results = [.. programs.Select(_ => new List<LeaseResult>())];
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < programs.Length; i++)
            {
                // Which of the two goes first alternates.
                var n = (i + round) % programs.Length;
                var deployment = pool.Start(programs[n], members: 1);
                var result = settings.Run(deployment.Target);
                pool.Stop(deployment);
                results[n].Add(result);
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round + 1} {programs[n].Name,-5} {result.Grants.PerSecond:F0} grants/s  {result.KeepAlives.PerSecond:F0} keep-alives/s {result.KeepAlives.TotalServerCpuPerOp:F1} us  {result.BytesPerLease:F0} B a lease  gone after {result.EndingSeconds:F1} s  p99 of puts {result.Idle.P99Ms:F2} and {result.Ending.P99Ms:F2} ms  others {result.KeepAlives.OtherCores:F2} and {result.Ending.OtherCores:F2} cores  errors {result.Errors} {result.ErrorText}"));
            }
        }
        var report = LeaseReport.Render([.. programs.Select((p, n) => (p.Name, versions[n], (IReadOnlyList<LeaseResult>)results[n]))], settings, machine);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "leases", report);
        return results.Any(r => r.Any(one => one.Errors > 0)) ? 1 : 0;
    }
}
