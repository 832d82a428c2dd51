using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bench.Measure;

/// <summary>How fast the disk makes 4 KiB durable: the floor under every put of a single client.</summary>
internal static partial class FsyncProbe
{
    private const int BlockBytes = 4096;
    private const int Blocks = 4096;

    /// <summary>Overwrites a preallocated file block by block with <c>fdatasync</c> after each, for <paramref name="time"/>.</summary>
    public static (double PerSecond, double P50Ms) Run(string folder, TimeSpan time)
    {
        var path = Path.Combine(folder, "fdatasync-probe");
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, options: FileOptions.DeleteOnClose);
        var block = new byte[BlockBytes];
        for (var i = 0; i < Blocks; i++)
            RandomAccess.Write(file, block, (long)i * BlockBytes);
        RandomAccess.FlushToDisk(file);

        var samplesMs = new List<double>();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            var one = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, block, (long)(samplesMs.Count % Blocks) * BlockBytes);
            if (FlushData((int)file.DangerousGetHandle()) != 0)
                throw new Win32Exception();
            samplesMs.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
        }
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        samplesMs.Sort();
        return (samplesMs.Count / seconds, samplesMs[samplesMs.Count / 2]);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FlushData(int descriptor);
}
