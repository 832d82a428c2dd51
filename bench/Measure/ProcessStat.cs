using System.Globalization;

namespace Bench.Measure;

/// <summary>Reads a process's processor time and memory from /proc, and nothing that would disturb it.</summary>
internal static class ProcessStat
{
    // USER_HZ is 100 on every Linux port that .NET runs on.
    private const double MicrosecondsPerTick = 10_000;

    /// <summary>User and system time of the process, threads that have ended included, in microseconds; resolution 10 ms.</summary>
    public static double CpuMicroseconds(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        // The second field is the name in parentheses and may hold anything; utime and stime are fields 14 and 15.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) * MicrosecondsPerTick;
    }

    /// <summary>Largest resident set since the start or the last <see cref="ResetPeak"/>, in bytes (VmHWM).</summary>
    public static long PeakResidentBytes(int processId)
    {
        return Kilobytes(File.ReadLines($"/proc/{processId}/status"), "VmHWM:") * 1024;
    }

    /// <summary>Resident memory now, in bytes: all of it, and without pages of files (VmRSS, RssAnon).</summary>
    public static ProcessMemory Memory(int processId)
    {
        string[] lines = File.ReadAllLines($"/proc/{processId}/status");
        return new ProcessMemory(Kilobytes(lines, "VmRSS:") * 1024, Kilobytes(lines, "RssAnon:") * 1024);
    }

    /// <summary>Makes the current resident set the peak, so that each load shows its own (proc(5), clear_refs).</summary>
    public static void ResetPeak(int processId) => File.WriteAllText($"/proc/{processId}/clear_refs", "5");

    private static long Kilobytes(IEnumerable<string> status, string name) =>
        Number(status.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim());

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Resident memory of a process in bytes.</summary>
/// <param name="Resident">All of it.</param>
/// <param name="Anonymous">Without pages of files, which the system takes away when it needs them.</param>
internal readonly record struct ProcessMemory(long Resident, long Anonymous);
