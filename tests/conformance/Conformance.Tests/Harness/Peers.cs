using System.Collections.Concurrent;
using System.Diagnostics;

namespace Conformance.Harness;

/// <summary>Finds the programs of a release of real etcd.</summary>
internal static class Peers
{
    private static readonly ConcurrentDictionary<(string, string), string?> s_found = new();

    /// <summary>The program's path.</summary>
    /// <exception cref="FileNotFoundException">It is neither in <c>ETCD_PEERS</c> nor, in that release, on PATH.</exception>
    public static string Require(string release, string program) =>
        TryFind(release, program) ?? throw new FileNotFoundException(Explain(release, program));

    /// <summary>Null when every named program is there, otherwise which one is missing.</summary>
    public static string? Missing(params (string Release, string Program)[] programs)
    {
        foreach (var (release, program) in programs)
        {
            if (TryFind(release, program) is null)
                return Explain(release, program);
        }
        return null;
    }

    private static string Explain(string release, string program) =>
        $"missing: {program} {release}.x (set ETCD_PEERS to a folder with {release}/{program}, or put it on PATH)";

    private static string? TryFind(string release, string program) =>
        s_found.GetOrAdd((release, program), static key => Search(key.Item1, key.Item2));

    private static string? Search(string release, string program)
    {
        if (Settings.PeersFolder is { } folder)
        {
            var path = Path.Combine(folder, release, program);
            return File.Exists(path) ? path : null;
        }
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => Path.Combine(entry, program))
            .FirstOrDefault(path => File.Exists(path) && IsOfRelease(path, release));
    }

    private static bool IsOfRelease(string path, string release)
    {
        var start = new ProcessStartInfo(path)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { Path.GetFileName(path) == "etcdctl" ? "version" : "--version" },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Contains($": {release}.", StringComparison.OrdinalIgnoreCase);
    }
}
