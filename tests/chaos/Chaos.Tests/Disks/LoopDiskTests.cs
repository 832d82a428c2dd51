using System.Diagnostics;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Disks;

namespace Chaos.Tests.Disks;

/// <summary>Goal: a disk that is full or slow for a member really is. Method: write to it.</summary>
public sealed class LoopDiskTests
{
    private const int NoSpace = 28; // ENOSPC

    [ChaosFact(Need.OwnDisk, needsCluster: false)]
    public async Task Fill_ThenWrite_FailsUntilEmptied()
    {
        await using var disk = await LoopDisk.CreateAsync();
        await disk.FillAsync();
        var error = Assert.ThrowsAny<IOException>(() => WriteDurably(disk, new byte[1 << 20]));
        Assert.Equal(NoSpace, error.HResult & 0xFFFF);
        disk.Empty();
        WriteDurably(disk, new byte[1 << 20]);
    }

    [ChaosFact(Need.OwnDisk, needsCluster: false)]
    public async Task Slow_Syncs_WaitUntilItIsDisposed()
    {
        const int Writes = 10;
        await using var disk = await LoopDisk.CreateAsync();
        var began = Stopwatch.GetTimestamp();
        await using (disk.Slow())
        {
            // The first may come before the disk is slow; from then on each gap of 20 ms follows on 150 ms without.
            for (var n = 0; n < Writes; n++)
            {
                WriteDurably(disk, new byte[4096]);
                await Task.Delay(25); // Longer than a gap, so that no two writes share one.
            }
        }
        var slow = Stopwatch.GetElapsedTime(began);
        Assert.True(slow > TimeSpan.FromMilliseconds(Writes / 2 * 150), $"{Writes} writes took {slow}");
        WriteDurably(disk, new byte[4096]);
    }

    private static void WriteDurably(LoopDisk disk, byte[] bytes)
    {
        using var file = new FileStream(Path.Combine(disk.Path, "probe"), FileMode.Create, FileAccess.Write, FileShare.None, 0);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }
}
