using System.Globalization;
using Bench.Compare;
using Bench.Servers;

namespace Bench.Commands;

/// <summary><c>bench compare</c>: both servers, the whole suite, a Markdown report.</summary>
internal static class CompareCommand
{
    public static int Run(Arguments arguments)
    {
        var isQuick = arguments.Flag("quick");
        var suite = isQuick ? Suite.Quick : Suite.Full;
        suite = suite with
        {
            Seconds = arguments.Number("seconds", suite.Seconds),
            WarmupSeconds = arguments.Number("warmup", suite.WarmupSeconds),
            ColdSeconds = arguments.Number("cold-seconds", suite.ColdSeconds),
            HotSeconds = arguments.Number("hot-seconds", suite.HotSeconds),
        };
        var rounds = arguments.Int("rounds", isQuick ? 1 : 3);
        var etcd = ServerPrograms.Etcd(arguments);
        var ours = ServerPrograms.Ours(arguments);
        var sections = SectionsOf(suite, arguments.Text("members") ?? "all", arguments.Text("only") ?? "");
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1)
            throw new BenchException("--rounds must be at least 1");

        var (etcdVersion, ourVersion) = (etcd.Version(), ours.Version());
        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        Comparison[] comparisons = [.. sections.Select(s => new Comparison(pool, etcd, ours, s))];
        // The first section has every kind of load that the others have.
        comparisons[0].Rehearse();
        for (var round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"round {round + 1} of {rounds}");
            foreach (var comparison in comparisons)
                comparison.RunRound(round);
        }
        var settings = string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds of {suite.Seconds:0.#} s a load after {suite.WarmupSeconds:0.#} s of it unmeasured");
        var report = Report.Render(comparisons, machine, etcdVersion, ourVersion, settings);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "compare", report);
        return comparisons.Any(c => c.Results.Any(r => r.Failures.Count > 0)) ? 1 : 0;
    }

    private static Section[] SectionsOf(Suite suite, string members, string only)
    {
        Section[] sections = members switch
        {
            "1" => [suite.OneMember],
            "3" => [suite.ThreeMembers],
            "all" => [suite.OneMember, suite.ThreeMembers],
            _ => throw new BenchException($"--members {members}: 1, 3 or all"),
        };
        return [.. sections.Select(s => s.Only(only))];
    }
}
