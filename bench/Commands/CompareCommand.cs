using System.Globalization;
using System.Runtime.InteropServices;
using Bench.Compare;

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
        var etcd = ServerProgram.At("etcd", arguments.Text("etcd") ?? "etcd");
        var ours = ServerProgram.At("ours", arguments.Text("ours") ?? DefaultServer());
        var only = arguments.Text("only") ?? "";
        var output = arguments.Text("output");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        arguments.RequireAllKnown();
        if (rounds < 1)
            throw new BenchException("--rounds must be at least 1");

        var (etcdVersion, ourVersion) = (etcd.Version(), ours.Version());
        var workFolder = Directory.CreateDirectory(Path.Combine(parent, $"bench-{Guid.NewGuid():N}")).FullName;
        using var comparison = new Comparison(etcd, ours, suite, only, workFolder);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => CleanUp(comparison, workFolder));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => CleanUp(comparison, workFolder));
        try
        {
            var machine = MachineDescription.Describe(workFolder);
            comparison.Rehearse();
            for (var round = 0; round < rounds; round++)
            {
                Console.Error.WriteLine($"round {round + 1} of {rounds}");
                comparison.RunRound(round);
            }
            var settings = string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds of {suite.Seconds:0.#} s a load after {suite.WarmupSeconds:0.#} s of it unmeasured");
            var report = Report.Render(comparison, machine, etcdVersion, ourVersion, settings);
            Console.WriteLine(report);
            if (output is not null)
                ReportFile.Refresh(output, report);
            return comparison.Results.Any(r => r.Failures.Count > 0) ? 1 : 0;
        }
        finally
        {
            CleanUp(comparison, workFolder);
        }
    }

    // Servers must not outlive us, least of all frozen ones.
    private static void CleanUp(Comparison comparison, string workFolder)
    {
        comparison.Dispose();
        if (Directory.Exists(workFolder))
            Directory.Delete(workFolder, recursive: true);
    }

    private static string DefaultServer()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
                return Path.Combine(folder.FullName, "artifacts", "bin", "Standalone", "release", "Standalone.dll");
        }
        throw new BenchException("the repository was not found above the program: name the server with --ours");
    }
}
