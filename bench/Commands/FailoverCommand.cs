using System.Globalization;
using Bench.Compare;
using Bench.Failover;
using Bench.Servers;
using Bench.Workloads;

namespace Bench.Commands;

/// <summary><c>bench failover</c>: how long writes stop when the leader of three is killed, here and with etcd.</summary>
internal static class FailoverCommand
{
    private const int Members = 3;
    private const double WarmupSeconds = 5;

    public static int Run(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 5);
        var settings = new FailoverRound(
            arguments.Int("clients", 100),
            TimeSpan.FromSeconds(arguments.Number("before", 2)),
            TimeSpan.FromSeconds(arguments.Number("after", 10)));
        var programs = ServerPrograms.Chosen(arguments);
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1 || settings.Clients < 1)
            throw new BenchException("--rounds and --clients must be at least 1");

        string[] versions = [.. programs.Select(p => p.Version())];
        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        Deployment[] deployments = [.. programs.Select(p => StartWarm(pool, p))];
        List<FailoverResult>[] results = [.. programs.Select(_ => new List<FailoverResult>())];
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < deployments.Length; i++)
            {
                // Which of the two goes first alternates.
                var n = (i + round) % deployments.Length;
                deployments[n].Resume();
                var result = settings.Run(deployments[n]);
                deployments[n].Suspend();
                results[n].Add(result);
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"kill {round + 1} {programs[n].Name,-5} gap {result.Gap.TotalMilliseconds:F0} ms (before {result.QuietGap.TotalMilliseconds:F0})  slowest {result.SlowestWrite.TotalMilliseconds:F0} ms  {result.BeforePerSecond:F0}/s  errors {result.Errors} {result.ErrorText}"));
            }
        }
        var report = FailoverReport.Render([.. programs.Select((p, n) => (p.Name, versions[n], (IReadOnlyList<FailoverResult>)results[n]))], settings, machine);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "failover", report);
        return 0;
    }

    private static Deployment StartWarm(ServerPool pool, ServerProgram program)
    {
        var deployment = pool.Start(program, Members);
        LoadRunner.Run(deployment.Target, new LoadOptions { Workload = WorkloadKind.Put, Seconds = WarmupSeconds, WarmupSeconds = 0 });
        deployment.Suspend();
        return deployment;
    }
}
