using System.Diagnostics;

namespace Bench.Servers;

/// <summary>A server that can be started with etcd's flags.</summary>
/// <param name="Name">Column title.</param>
/// <param name="File">Executable.</param>
/// <param name="Prefix">Arguments before etcd's flags: the assembly, when the executable is <c>dotnet</c>.</param>
internal sealed record ServerProgram(string Name, string File, IReadOnlyList<string> Prefix)
{
    /// <summary>Variables on top of this process's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A program by its path; a <c>.dll</c> runs under <c>dotnet</c>.</summary>
    public static ServerProgram At(string name, string path)
    {
        if (!path.EndsWith(".dll", StringComparison.Ordinal))
            return new ServerProgram(name, path, []);
        if (!System.IO.File.Exists(path))
            throw new BenchException($"{path} does not exist: build services/standalone in Release first");
        return new ServerProgram(name, System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [path]);
    }

    /// <summary>What <c>--version</c> prints, on one line.</summary>
    public string Version()
    {
        var start = new ProcessStartInfo(File, [.. Prefix, "--version"]) { RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start) ?? throw new BenchException($"{File} did not start");
            var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            process.WaitForExit();
            return string.Join(", ", lines);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BenchException($"{Name} cannot be started from '{File}': {e.Message}", e);
        }
    }
}
