using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bench.Measure;

/// <summary>Processor time of the calling thread: what work in this process costs, also on a machine that others keep busy.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Microseconds since the thread's start, user and system (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID).</summary>
    public static double Microseconds()
    {
        if (GetTime(ThreadCpuTime, out var time) != 0)
            throw new Win32Exception();
        return (time.Seconds * 1e6) + (time.Nanoseconds / 1e3);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
