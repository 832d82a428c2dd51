using System.Globalization;
using Bench.Compare;
using Bench.Measure;
using Bench.Servers;
using Bench.Workloads;
using Bench.Workloads.Watching;

namespace Bench.Commands;

/// <summary><c>bench watch</c>: delivery in many shapes, catching up with a long history, and what idle watches cost; here and with etcd, in turns.</summary>
internal static class WatchCommand
{
    private const int ValueBytes = 256;
    private static readonly TimeSpan s_catchUpLimit = TimeSpan.FromSeconds(30);

    public static int Run(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 3);
        var suite = Suite.Full with { Seconds = arguments.Number("seconds", 4), ColdSeconds = 1, HotSeconds = arguments.Number("hot-seconds", 8) };
        var (revisions, idle, streams) = (arguments.Int("revisions", 1_000_000), arguments.Int("idle", 1_000_000), arguments.Int("streams", 100));
        var parts = arguments.List("parts", "delivery,catch-up,idle");
        var only = arguments.Text("only") ?? "";
        ServerProgram[] programs = [ServerPrograms.Etcd(arguments), ServerPrograms.Ours(arguments)];
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1 || revisions < 1 || streams < 1 || idle < streams)
            throw new BenchException("all numbers must be positive, and --idle at least --streams");

        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        var delivery = new Comparison(pool, programs[0], programs[1], suite.Watches.Only(only));
        var caughtUp = new Measurements("catch-up");
        List<IdleWatchesResult>[] idles = [[], []];
        if (parts.Contains("delivery"))
            delivery.Rehearse();
        for (var round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"round {round + 1} of {rounds}");
            if (parts.Contains("delivery"))
                delivery.RunRound(round);
            if (parts.Contains("catch-up"))
                CatchUpRound(pool, programs, round, revisions, caughtUp);
            if (parts.Contains("idle"))
                IdleRound(pool, programs, round, idle, streams, idles);
        }

        var settings = string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds of {suite.Seconds:0.#} s a load after {suite.WarmupSeconds:0.#} s of it unmeasured");
        var report = Report.Render(parts.Contains("delivery") ? [delivery] : [], machine, programs[0].Version(), programs[1].Version(), settings)
            + WatchReport.Render(caughtUp, revisions, ValueBytes, [.. programs.Select(static program => program.Name)], idles, idle, streams);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "watch", report);
        return delivery.Results.Any(static row => row.Failures.Count > 0) || caughtUp.Failures.Count > 0 || idles.Any(static all => all.Exists(static one => one.Errors > 0)) ? 1 : 0;
    }

    private static void CatchUpRound(ServerPool pool, ServerProgram[] programs, int round, int revisions, Measurements measurements)
    {
        var results = new LoadResult[2];
        for (var i = 0; i < programs.Length; i++)
        {
            // Which of the two goes first alternates.
            var n = (i + round) % programs.Length;
            var deployment = pool.Start(programs[n], members: 1);
            CatchUp.Fill(deployment.Target, revisions, ValueBytes);
            results[n] = CatchUp.Run(deployment.Target, revisions, s_catchUpLimit);
            pool.Stop(deployment);
            Console.Error.WriteLine($"1 {programs[n].Name,-5} {"catch-up",-60} {LoadCommand.Describe(results[n])}");
            if (results[n].Errors > 0)
                measurements.Fail($"{programs[n].Name}: {results[n].ErrorText}");
        }
        if (results.All(static result => result.Errors == 0))
            measurements.Add(results[0], results[1]);
    }

    private static void IdleRound(ServerPool pool, ServerProgram[] programs, int round, int watches, int streams, List<IdleWatchesResult>[] results)
    {
        for (var i = 0; i < programs.Length; i++)
        {
            var n = (i + round) % programs.Length;
            var deployment = pool.Start(programs[n], members: 1);
            var result = IdleWatches.Measure(deployment.Target, watches, streams);
            pool.Stop(deployment);
            results[n].Add(result);
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"1 {programs[n].Name,-5} idle watches: {result.Before.Resident / 1e6:F0} to {result.After.Resident / 1e6:F0} MB, peak {result.PeakBytes / 1e6:F0} MB, {(double)(result.After.Resident - result.Before.Resident) / watches:F0} bytes each, opened in {result.Seconds:F1} s {result.ErrorText}"));
        }
    }
}
