using System.Globalization;
using Bench.Compare;
using Bench.Measure;
using Bench.Servers;
using Bench.Tracing;
using Bench.Workloads;

namespace Bench.Commands;

/// <summary><c>bench tracing</c>: what requests that are not sampled cost because traces are configured.</summary>
internal static class TracingCommand
{
    private const double WarmupSeconds = 10;

    private static readonly WorkloadKind[] s_workloads = [WorkloadKind.Put, WorkloadKind.RangeSerializable];

    public static int Run(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 8);
        var seconds = arguments.Number("seconds", 3);
        var clients = arguments.Int("clients", 100);
        var without = ServerPrograms.Ours(arguments);
        var with = without with { Name = "traced", Environment = Variables(arguments.Number("share", 0)) };
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1 || clients < 1)
            throw new BenchException("--rounds and --clients must be at least 1");

        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        Deployment[] deployments = [StartWarm(pool, without, clients), StartWarm(pool, with, clients)];
        List<TracingRow> rows = [.. s_workloads.Select(static workload => new TracingRow(workload))];
        for (var round = 0; round < rounds; round++)
        {
            foreach (var row in rows)
            {
                var options = new LoadOptions { Workload = row.Workload, Clients = clients, Seconds = seconds };
                var pair = new LoadResult[2];
                // Which of the two goes first alternates: what the machine does meanwhile falls on both alike.
                for (var i = 0; i < 2; i++)
                {
                    var n = (i + round) % 2;
                    pair[n] = Measure(deployments[n], options);
                }
                row.Add(pair[0], pair[1]);
            }
        }
        var report = TracingReport.Render(rows, machine, without.Version(), clients, seconds);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "tracing", report);
        return 0;
    }

    // Nobody listens there: an export that is never due costs nothing, and one that is due shows.
    private static Dictionary<string, string> Variables(double share) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
        ["OTEL_METRICS_EXPORTER"] = "none",
        ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
        ["OTEL_TRACES_SAMPLER_ARG"] = share.ToString(CultureInfo.InvariantCulture),
    };

    private static Deployment StartWarm(ServerPool pool, ServerProgram program, int clients)
    {
        var deployment = pool.Start(program, members: 1);
        foreach (var workload in s_workloads)
            LoadRunner.Run(deployment.Target, new LoadOptions { Workload = workload, Clients = clients, Seconds = WarmupSeconds, WarmupSeconds = 0 });
        deployment.Suspend();
        return deployment;
    }

    private static LoadResult Measure(Deployment deployment, LoadOptions options)
    {
        deployment.Resume();
        var result = LoadRunner.Run(deployment.Target, options);
        deployment.Suspend();
        Console.Error.WriteLine($"{deployment.Program.Name,-6} {options.Workload,-18} {LoadCommand.Describe(result)}");
        return result.Errors == 0 ? result : throw new BenchException($"{result.Errors} errors: {result.ErrorText}");
    }
}
