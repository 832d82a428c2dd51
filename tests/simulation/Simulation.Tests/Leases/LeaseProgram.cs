using LeaseManager.Core;

namespace Simulation.Leases;

/// <summary>Histories of lease managers from the command line.</summary>
internal static class LeaseProgram
{
    public static int Run(int seed, int from, int count, string[] args)
    {
        if (args.Contains("--defects"))
            return Defects(count);
        if (seed != 0)
        {
            // With a known mistake put in: --only NAME.
            var only = Array.IndexOf(args, "--only") is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
            var core = Enum.TryParse<LeaseDefects>(only, out var inCore) ? inCore : LeaseDefects.None;
            var shell = Enum.TryParse<LeaseShellDefects>(only, out var inShell) ? inShell : LeaseShellDefects.None;
            var result = LeaseRun.One(
                seed, only is null ? null : profile => LeaseSimulationTests.Stormy(profile with { Defects = core, ShellDefects = shell }), args.Contains("--trace"));
            foreach (var line in result.World.History)
                Console.WriteLine(line);
            Console.WriteLine(result.Failure is null ? $"lease seed {seed}: ok" : result.Line);
            return result.Failure is null ? 0 : 1;
        }
        var failures = 0;
        for (var i = 0; i < count; i++)
        {
            var result = LeaseRun.One(from + i);
            if (result.Failure is null)
                continue;
            failures++;
            Console.WriteLine(result.Line);
        }
        Console.WriteLine($"{count} histories, {failures} failures");
        return failures == 0 ? 0 : 1;
    }

    private static int Defects(int seeds)
    {
        var isAllFound = true;
        foreach (var defect in Enum.GetValues<LeaseDefects>().Where(static defect => defect != 0))
            Show($"{defect}", LeaseSimulationTests.FirstFound(seeds, profile => profile with { Defects = defect }));
        foreach (var defect in Enum.GetValues<LeaseShellDefects>().Where(static defect => defect != 0))
            Show($"{defect}", LeaseSimulationTests.FirstFound(seeds, profile => profile with { ShellDefects = defect }));
        return isAllFound ? 0 : 1;

        void Show(string name, string? how)
        {
            Console.WriteLine($"{name}: {how ?? $"not found in {seeds} seeds"}");
            isAllFound &= how is not null;
        }
    }
}
