using System.Diagnostics;
using System.Globalization;
using WatchHub.Core;
using WatchSimulation.Runs;
using WatchSimulation.World;

namespace WatchSimulation;

/// <summary>
/// Runs histories from the command line: <c>--seed N</c> one, with everything that happened; <c>--seeds N [--from S]</c> many; <c>--until-stopped</c> ever more;
/// <c>--defects [--seeds N]</c> the table of mistakes; with <c>--v2</c> all in histories of v2.
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

        Func<Profile, Profile> change = args.Contains("--v2") ? static profile => profile.OfPaths() : static profile => profile;
        if (args.Contains("--defects"))
            return Defects(Number("--seeds", 1000), change);
        return Number("--seed", 0) is var seed and not 0
            ? One(seed, change) : Many(Number("--from", 1), args.Contains("--until-stopped") ? int.MaxValue : Number("--seeds", 1000), change);
    }

    /// <summary>The table of mistakes: the first seed that finds each.</summary>
    private static int Defects(int seeds, Func<Profile, Profile> change)
    {
        var missed = 0;
        foreach (var defect in Enum.GetValues<HubDefects>().Where(defect => defect != 0))
            Tell(defect.ToString(), MistakeTableTests.FirstFound(seeds, profile => change(profile) with { Defects = defect }));
        foreach (var defect in Enum.GetValues<ShellDefects>().Where(defect => defect != 0))
            Tell(defect.ToString(), MistakeTableTests.FirstFound(seeds, profile => change(profile) with { ShellDefects = defect }));
        return missed;

        void Tell(string name, RunResult? found)
        {
            missed += found is null ? 1 : 0;
            Console.WriteLine($"{name}: {(found is null ? $"not found in {seeds} seeds" : $"seed {found.Seed}: {found.Failure}")}");
        }
    }

    private static int One(int seed, Func<Profile, Profile> change)
    {
        var result = Run.One(seed, change, keepsTrace: true);
        foreach (var line in result.World.History)
            Console.WriteLine(line);
        Console.WriteLine(result.Failure is null ? $"seed {seed}: ok; {result.World}" : result.Line);
        return result.Failure is null ? 0 : 1;
    }

    private static int Many(int from, int count, Func<Profile, Profile> change)
    {
        var watch = Stopwatch.StartNew();
        var failures = 0;
        var told = watch.Elapsed;
        for (var i = 0; i < count; i++)
        {
            var result = Run.One(from + i, change);
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
