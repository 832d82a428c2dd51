using System.Globalization;

namespace Hosting.Metrics;

/// <summary>The files that this process has open, and how many it may have, by /proc.</summary>
public static class ProcessFiles
{
    public static double Open() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    public static double Limit() => Limit("Max open files");

    // A line is the name, the soft limit, the hard limit and the unit, in columns.
    internal static double Limit(string name)
    {
        var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(name, StringComparison.Ordinal));
        var soft = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? ulong.MaxValue : double.Parse(soft, CultureInfo.InvariantCulture);
    }
}
