using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bench.Measure;

/// <summary>
/// What the disk allows a log: one positioned write and one <c>fdatasync</c> a group, group after group, into a file whose blocks are all
/// written already. Nothing that promises durability can do better with one group at a time.
/// </summary>
internal static partial class RawLog
{
    private const int FileBytes = 64 * 1024 * 1024;
    private const int Interrupted = 4;

    /// <summary>Runs for <paramref name="time"/>; how many groups a second were stored, and the median time of one.</summary>
    /// <param name="folder">On the disk that is measured.</param>
    /// <param name="groupBytes">At most 64 MiB.</param>
    /// <param name="time">Length of the measurement.</param>
    public static (double PerSecond, double P50Ms) Run(string folder, int groupBytes, TimeSpan time)
    {
        var path = Path.Combine(folder, $"raw-log-{Guid.NewGuid():N}");
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, options: FileOptions.DeleteOnClose);
        Preallocate(file);
        var group = new byte[groupBytes];
        // Zeros would let a disk that compresses win time.
        new Random(1).NextBytes(group);

        var samplesMs = new List<double>();
        long offset = 0;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            if (offset + groupBytes > FileBytes)
                offset = 0;
            var one = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, group, offset);
            SyncData(file);
            samplesMs.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
            offset += groupBytes;
        }
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        samplesMs.Sort();
        return (samplesMs.Count / seconds, samplesMs[samplesMs.Count / 2]);
    }

    private static void Preallocate(SafeFileHandle file)
    {
        var zeros = new byte[1024 * 1024];
        for (long at = 0; at < FileBytes; at += zeros.Length)
            RandomAccess.Write(file, zeros, at);
        RandomAccess.FlushToDisk(file);
    }

    private static void SyncData(SafeFileHandle file)
    {
        while (FlushData(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FlushData(SafeFileHandle file);
}
