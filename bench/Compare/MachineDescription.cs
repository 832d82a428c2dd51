using System.Globalization;
using Bench.Measure;

namespace Bench.Compare;

/// <summary>What a reader has to know of the machine to judge the figures.</summary>
internal static class MachineDescription
{
    public static string Describe(string workFolder)
    {
        var (perSecond, p50Ms) = RawLog.Run(workFolder, 4096, TimeSpan.FromSeconds(1));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores ({Field("/proc/cpuinfo", "model name")}), {Megabytes("MemTotal")} MB, " +
            $"Linux {Environment.OSVersion.Version}, {FileSystem(workFolder)}; fdatasync of 4 KiB: {perSecond:F0}/s, p50 {p50Ms:F2} ms");
    }

    // The mount with the longest path that contains the folder.
    private static string FileSystem(string folder) =>
        DriveInfo.GetDrives()
            .Where(d => folder.StartsWith(d.Name, StringComparison.Ordinal))
            .MaxBy(d => d.Name.Length)?.DriveFormat ?? "unknown file system";

    private static string Megabytes(string field)
    {
        var kilobytes = Field("/proc/meminfo", field).Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.TryParse(kilobytes, CultureInfo.InvariantCulture, out var value) ? (value / 1024).ToString(CultureInfo.InvariantCulture) : "?";
    }

    private static string Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}
