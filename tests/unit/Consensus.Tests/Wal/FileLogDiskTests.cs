using Consensus.Host.Wal;
using Consensus.Tests.Support;

namespace Consensus.Tests.Wal;

public sealed class FileLogDiskTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Delete_AFile_NameGoesAtOnceAndSpaceBeforeTheNextSpare()
    {
        var disk = new FileLogDisk(_temp["wal"]);
        disk.TakeSpare(10_000_000).Dispose();
        disk.Rename(Core.Wal.ILogDisk.SpareName, "old");
        // What the deleted file becomes is seen through a handle of its own.
        using var old = File.OpenHandle(Path.Combine(_temp["wal"], "old"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Assert.Equal(10_000_000, RandomAccess.GetLength(old));

        disk.Delete("old");
        Assert.Empty(disk.List());

        using var spare = disk.TakeSpare(4096);
        Assert.Equal(0, RandomAccess.GetLength(old));
        Assert.Equal(4096, spare.Length);
    }

    [Fact]
    public void Delete_CannotBeOpened_IsDeletedAllTheSame()
    {
        var disk = new FileLogDisk(_temp["wal"]);
        // A link to nothing has a name and nothing that can be opened.
        File.CreateSymbolicLink(Path.Combine(_temp["wal"], "old"), Path.Combine(_temp["wal"], "none"));
        Assert.Equal(["old"], disk.List());
        disk.Delete("old");
        Assert.Empty(disk.List());
    }
}
