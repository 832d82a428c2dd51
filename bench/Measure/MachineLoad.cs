using System.Globalization;

namespace Bench.Measure;

/// <summary>Processor time of the whole machine, to see what else ran while we measured.</summary>
internal static class MachineLoad
{
    private const double MicrosecondsPerTick = 10_000;

    /// <summary>Average number of processes that ran or waited to (proc(5), /proc/loadavg): above the number of cores, times say little.</summary>
    public static double FifteenMinutes() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[2], CultureInfo.InvariantCulture);

    /// <summary>All time that was not idle since boot, in microseconds, time stolen by the hypervisor included (proc(5), /proc/stat).</summary>
    public static double BusyMicroseconds()
    {
        // cpu user nice system idle iowait irq softirq steal
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] busy = [1, 2, 3, 6, 7, 8];
        return busy.Sum(i => double.Parse(fields[i], CultureInfo.InvariantCulture)) * MicrosecondsPerTick;
    }
}
