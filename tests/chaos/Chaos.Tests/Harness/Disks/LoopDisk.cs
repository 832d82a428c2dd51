namespace Chaos.Tests.Harness.Disks;

/// <summary>
/// A small file system of one member's own, in a file: it can be filled to the last block, and stopped and let go, which is what a slow disk looks like to
/// who waits for it. Works for any program: nothing is injected into the process.
/// </summary>
public sealed class LoopDisk : IAsyncDisposable
{
    // etcd preallocates two log segments of 64 MiB and more for its data file; the image is sparse, so this costs nothing.
    private const long Bytes = 320L << 20;

    private readonly TempFolder _folder = new();
    private bool _isMounted;

    private LoopDisk()
    {
    }

    public string Path => _folder.Sub("disk");

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Null when it is possible here.</summary>
    public static string? WhyImpossible()
    {
        if (Environment.UserName != "root")
            return "a disk of a member's own needs root";
        if (!File.Exists("/dev/loop-control"))
            return "a disk of a member's own needs loop devices";
        return ((string[])["mkfs.ext4", "mount", "umount", "fsfreeze", "fallocate", "bash"])
            .Where(program => Command.Find(program) is null)
            .Select(program => $"a disk of a member's own needs {program}").FirstOrDefault();
    }

    public static async Task<LoopDisk> CreateAsync()
    {
        var disk = new LoopDisk();
        try
        {
            var image = disk._folder.Sub("image");
            await using (var file = File.Create(image))
                file.SetLength(Bytes);
            // Without journal and reserved blocks: full means full.
            await Command.RunAsync(Command.Find("mkfs.ext4")!, "-q", "-F", "-m", "0", "-O", "^has_journal", image);
            Directory.CreateDirectory(disk.Path);
            await Command.RunAsync(Command.Find("mount")!, "-o", "loop", image, disk.Path);
            disk._isMounted = true;
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes every free block, while the member goes on.</summary>
    public async Task FillAsync()
    {
        // In ever smaller pieces: what the member frees or takes meanwhile does not matter.
        await using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.Read, 1);
        for (var piece = new byte[1 << 20]; piece.Length >= 4096;)
        {
            try
            {
                await file.WriteAsync(piece);
                file.Flush(flushToDisk: false);
            }
            catch (IOException) // No space for a piece of this size.
            {
                piece = new byte[piece.Length / 2];
            }
        }
        try
        {
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // Delayed allocation finds out only now that the last blocks are taken: full it is.
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Empty() => File.Delete(Filler);

    /// <summary>Makes the disk slow until the result is disposed.</summary>
    public SlowDisk Slow() => new(Path);

    public async ValueTask DisposeAsync()
    {
        if (_isMounted)
        {
            _isMounted = false;
            await Command.RunAsync(Command.Find("umount")!, Path);
        }
        _folder.Dispose();
    }
}
