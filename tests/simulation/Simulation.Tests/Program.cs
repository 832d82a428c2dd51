using System.Diagnostics;
using System.Globalization;
using Simulation.Leases;
using Simulation.Runs;

namespace Simulation;

/// <summary>
/// Runs histories from the command line: <c>--seed N --nodes M [--trace]</c> one, <c>--seeds N [--from S] [--nodes M]</c> many,
/// <c>--until-stopped</c> ever more, <c>--defects [--seeds N] [--only NAME]</c> the table of bugs. Without <c>--nodes</c> clusters of 1 to 7 by turns.
/// With <c>--leases</c> the same of lease managers.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        int Number(string name, int otherwise)
        {
            var at = Array.IndexOf(args, name);
            return at < 0 || at + 1 == args.Length ? otherwise : int.Parse(args[at + 1], CultureInfo.InvariantCulture);
        }

        string? Word(string name)
        {
            var at = Array.IndexOf(args, name);
            return at < 0 || at + 1 == args.Length ? null : args[at + 1];
        }

        if (args.Contains("--leases"))
            return LeaseProgram.Run(Number("--seed", 0), Number("--from", 1), args.Contains("--until-stopped") ? int.MaxValue : Number("--seeds", 1000), args);
        if (args.Contains("--defects"))
            return Defects(Number("--seeds", 1000), Word("--only"));
        var nodes = Number("--nodes", 0);
        var seed = Number("--seed", 0);
        if (seed != 0)
            return One(seed, nodes == 0 ? MembersOf(seed) : nodes, args.Contains("--trace"));
        var count = args.Contains("--until-stopped") ? int.MaxValue : Number("--seeds", 1000);
        return Many(Number("--from", 1), count, nodes);
    }

    /// <summary>The table of bugs: the first seed that finds each.</summary>
    private static int Defects(int seeds, string? only)
    {
        var found = new List<(string Name, string? How)>();
        foreach (var defect in Enum.GetValues<Consensus.Core.Raft.Defects>().Where(defect => defect != 0 && (only is null || only == defect.ToString())))
            found.Add((defect.ToString(), BugTableTests.FirstFound(seeds, profile => profile with { Defects = defect })));
        foreach (var defect in Enum.GetValues<World.ShellDefects>().Where(defect => defect != 0 && (only is null || only == defect.ToString())))
            found.Add((defect.ToString(), BugTableTests.FirstFound(seeds, profile => profile with { ShellDefects = defect })));
        foreach (var (name, how) in found)
            Console.WriteLine($"{name}: {how ?? $"not found in {seeds} seeds"}");
        return found.TrueForAll(one => one.How is not null) ? 0 : 1;
    }

    internal static int MembersOf(int seed) => 1 + seed % 7;

    private static int One(int seed, int members, bool keepsTrace)
    {
        var result = Run.One(seed, members, keepsTrace: keepsTrace);
        foreach (var line in result.World.History)
            Console.WriteLine(line);
        Console.WriteLine(result.Failure is null ? $"seed {seed} of {members} members: ok; {result.World}" : result.Line);
        return result.Failure is null ? 0 : 1;
    }

    private static int Many(int from, int count, int nodes)
    {
        var watch = Stopwatch.StartNew();
        var failures = 0;
        var told = watch.Elapsed;
        for (var i = 0; i < count; i++)
        {
            var seed = from + i;
            var result = Run.One(seed, nodes == 0 ? MembersOf(seed) : nodes);
            if (result.Failure is not null)
            {
                failures++;
                Console.WriteLine(result.Line);
            }
            if (watch.Elapsed - told < TimeSpan.FromSeconds(10) && i + 1 < count)
                continue;
            told = watch.Elapsed;
            Console.WriteLine(FormattableString.Invariant($"{i + 1} histories, {(i + 1) / watch.Elapsed.TotalSeconds:F0} histories/s, {failures} failures"));
        }
        return failures == 0 ? 0 : 1;
    }
}
