using System.Collections.Concurrent;
using System.Diagnostics;

namespace EndToEnd.Tests.Tools;

/// <summary>Finds the programs that tests need.</summary>
public static class Toolbox
{
    private static readonly ConcurrentDictionary<Tool, string?> Missing = new();

    /// <summary>A missing tool is a failure, not a skip.</summary>
    public static bool IsCi { get; } = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    public static string Etcdctl => Find("ETCDCTL", "etcdctl") ?? throw new InvalidOperationException(WhyMissing(Tool.Etcdctl));

    public static string Etcd => Find("ETCD", "etcd") ?? throw new InvalidOperationException(WhyMissing(Tool.Etcd));

    /// <summary>Null when the tool is there, otherwise a sentence that names it.</summary>
    public static string? WhyMissing(Tool tool) => Missing.GetOrAdd(tool, static tool => tool switch
    {
        Tool.Etcdctl => Find("ETCDCTL", "etcdctl") is null ? "etcdctl is missing: put it in PATH or set ETCDCTL" : null,
        Tool.Etcd => Find("ETCD", "etcd") is null ? "etcd is missing: put it in PATH or set ETCD" : null,
        _ => Succeeds("docker", "info") && Succeeds("docker", "compose", "version")
            ? null
            : "a container engine (docker with compose v2) is missing or not running",
    });

    private static string? Find(string variable, string program)
    {
        var given = Environment.GetEnvironmentVariable(variable);
        if (!string.IsNullOrEmpty(given))
            return File.Exists(given) ? given : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
    }

    private static bool Succeeds(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process.WaitForExit(TimeSpan.FromSeconds(20)) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // No such program.
        }
    }
}
