using System.Runtime.InteropServices;
using Storage.Core.Tree;
using Storage.Host.Disk;

namespace Storage.Tree.Tests;

/// <summary>The device on a real file.</summary>
public sealed class MmapPageDeviceTests : IDisposable
{
    private const int ExtentBytes = 64 * 1024;
    private const int DontNeed = 4;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void SetLength_GrowsAcrossExtents_MovesNothing()
    {
        using var device = MmapPageDevice.Open(_directory.File("data"), ExtentBytes);
        device.SetLength(4096);
        device.Write(0, Filled(4096, 1));
        var first = device.Read(0, 4096);
        for (var pages = 2; pages <= 100; pages++)
        {
            device.SetLength(pages * 4096L);
            device.Write((pages - 1) * 4096L, Filled(4096, (byte)pages));
        }
        Assert.False(first.ContainsAnyExcept((byte)1));
        Assert.True(first.Overlaps(device.Read(0, 4096)));
        for (var pages = 1; pages <= 100; pages++)
            Assert.False(device.Read((pages - 1) * 4096L, 4096).ContainsAnyExcept((byte)pages));
        Assert.Equal(100 * 4096, new FileInfo(_directory.File("data")).Length);
    }

    [Fact]
    public void Open_ExistingFile_HasLengthAndContent()
    {
        using (var device = MmapPageDevice.Open(_directory.File("data"), ExtentBytes))
        {
            device.SetLength(3 * ExtentBytes);
            device.Write(ExtentBytes * 2 - 4096, Filled(8192, 9));
            device.Sync();
        }
        using var reopened = MmapPageDevice.Open(_directory.File("data"), ExtentBytes);
        Assert.Equal(3 * ExtentBytes, reopened.Length);
        Assert.False(reopened.Read(ExtentBytes * 2, 4096).ContainsAnyExcept((byte)9));
        Assert.False(reopened.Read(0, 4096).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Open_AlreadyOpen_IsRefusedUntilDisposed()
    {
        using (MmapPageDevice.Open(_directory.File("data"), ExtentBytes))
            Assert.Throws<IOException>(() => MmapPageDevice.Open(_directory.File("data"), ExtentBytes));
        MmapPageDevice.Open(_directory.File("data"), ExtentBytes).Dispose();
    }

    [Fact]
    public void FetchAhead_PagesThatLeftTheCache_ComeBackWithoutBeingRead()
    {
        using (var file = File.OpenHandle(_directory.File("data"), FileMode.CreateNew, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, Filled(ExtentBytes, 7), 0);
            RandomAccess.FlushToDisk(file);
            Assert.Equal(0, FileAdvise(file, 0, 0, DontNeed));
        }
        using var device = MmapPageDevice.Open(_directory.File("data"), ExtentBytes);
        // A file system in memory forgets nothing.
        var isGone = !InCache(device)[4];
        Assert.Equal(!isGone, device.IsInMemory(4 * 4096, 3 * 4096));

        device.FetchAhead(4 * 4096, 3 * 4096);

        // The disk answers when it does.
        Assert.True(SpinWait.SpinUntil(() => InCache(device).Skip(4).Take(3).All(static isThere => isThere), TimeSpan.FromSeconds(30)));
        Assert.Equal(isGone, !InCache(device)[^1]);
        Assert.True(device.IsInMemory(4 * 4096, 3 * 4096));
        Assert.True(device.IsInMemory(4 * 4096 + 100, 4096));
        Assert.Equal(!isGone, device.IsInMemory(3 * 4096 + 4095, 2));
        Assert.Equal(!isGone, device.IsInMemory(6 * 4096, 4097));
    }

    [Theory]
    [InlineData(-4096, 4096)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    [InlineData(ExtentBytes - 4096, 8192)]
    [InlineData(2 * ExtentBytes, 4096)]
    [InlineData(2 * ExtentBytes - 4096, 1 << 30)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void FetchAhead_NotInsideTheFile_IsLeft(long offset, int length)
    {
        using var device = MmapPageDevice.Open(_directory.File("data"), ExtentBytes);
        device.SetLength(2 * ExtentBytes);
        device.FetchAhead(offset, length);
        Assert.True(device.IsInMemory(offset, length));
        Assert.Equal(2 * ExtentBytes, device.Length);
    }

    [Fact]
    public void Read_OutsideTheFileOrAcrossAnExtent_Throws()
    {
        using var device = MmapPageDevice.Open(_directory.File("data"), ExtentBytes);
        device.SetLength(2 * ExtentBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Read(2 * ExtentBytes - 4096, 8192).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Read(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Read(ExtentBytes - 4096, 8192).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Write(2 * ExtentBytes, [1]));
        device.SetLength(ExtentBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Read(ExtentBytes, 1).Length);
    }

    [Fact]
    public void SetLength_MoreThanTheDiskHolds_IsAnIOException()
    {
        using var device = MmapPageDevice.Open(_directory.File("data"), 1 << 30);
        device.SetLength(4096);
        // Some file systems refuse such a length at once, others when the blocks are taken; in no case is it left to a reader.
        Assert.Throws<IOException>(() => device.SetLength(1L << 60));
        Assert.Equal(4096, device.Length);
    }

    [Fact]
    public void Tree_OnARealFile_SurvivesReopening()
    {
        var model = new TreeModel();
        var workload = new Workload(new Random(11), keySpace: 200, maxValueBytes: 50_000);
        for (var round = 0; round < 3; round++)
        {
            using var device = MmapPageDevice.Open(_directory.File("data"), ExtentBytes);
            var tree = CopyOnWriteTree.Open(device, new SlotSnapshotRegistry());
            for (var i = 0; i < 5; i++)
            {
                workload.Change(tree, model, 60);
                tree.Commit(device);
            }
            using (var snapshot = tree.OpenSnapshot())
                model.AssertEqual(snapshot);
            Assert.Empty(TreeCheck.Run(device));
        }
    }

    [Fact]
    public void Tree_ValueOfSixtyFourMebibytes_FitsTheDefaultExtent()
    {
        using var device = MmapPageDevice.Open(_directory.File("data"));
        var tree = CopyOnWriteTree.Open(device, new SlotSnapshotRegistry());
        var value = Filled(CopyOnWriteTree.MaxValueBytes, 5);
        tree.Put(TableId.Revisions, "k"u8, value);
        tree.Commit(device);
        using var snapshot = tree.OpenSnapshot();
        Assert.True(snapshot.TryGet(TableId.Revisions, "k"u8, out var found));
        Assert.True(found.SequenceEqual(value));
    }

    /// <summary>Page by page.</summary>
    private static bool[] InCache(MmapPageDevice device)
    {
        var pages = new byte[ExtentBytes / 4096];
        Assert.Equal(0, MInCore(ref MemoryMarshal.GetReference(device.Read(0, ExtentBytes)), ExtentBytes, pages));
        return [.. pages.Select(static page => (page & 1) != 0)];
    }

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int FileAdvise(SafeHandle file, long offset, long length, int advice);

    [DllImport("libc", EntryPoint = "mincore")]
    private static extern int MInCore(ref byte address, nuint length, byte[] pages);

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
