using System.Buffers.Binary;
using Storage.Core.Tree;
using Storage.Host.Disk;

namespace Storage.Tree.Tests;

/// <summary>A snapshot stays what it was while the writer goes on and reuses pages; what it held back is reused after it is closed.</summary>
public sealed class SnapshotTests
{
    private readonly SimulatedDisk _disk = new(1024 * 1024);

    [Fact]
    public void Snapshot_WriterReusesPages_StaysTheSame()
    {
        var tree = CopyOnWriteTree.Open(_disk, new SlotSnapshotRegistry());
        var model = new TreeModel();
        var workload = new Workload(new Random(3), keySpace: 100, maxValueBytes: 20_000);
        workload.Change(tree, model, 300);
        tree.Commit(_disk);
        var held = model.Clone();
        using var snapshot = tree.OpenSnapshot();
        for (var i = 0; i < 50; i++)
        {
            workload.Change(tree, model, 20);
            tree.Commit(_disk);
            held.AssertEqual(snapshot);
        }
    }

    [Fact]
    public void Dispose_OldestSnapshot_LetsItsPagesBeReused()
    {
        var tree = CopyOnWriteTree.Open(_disk, new SlotSnapshotRegistry());
        Overwrite(tree, 20);
        var before = tree.Size.FileBytes;
        var snapshot = tree.OpenSnapshot();
        Overwrite(tree, 50);
        var held = tree.Size.FileBytes;
        Assert.True(held > before * 2, $"{before} should have grown, is {held}");
        snapshot.Dispose();
        snapshot.Dispose();
        Overwrite(tree, 50);
        Assert.True(tree.Size.FileBytes < held / 2, $"{held} should have shrunk, is {tree.Size.FileBytes}");
        Assert.Empty(TreeCheck.Run(_disk));
    }

    [Fact]
    public void Read_AfterDispose_Throws()
    {
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        tree.Put(TableId.Meta, "k"u8, "v"u8);
        tree.Commit(_disk);
        var snapshot = tree.OpenSnapshot();
        var cursor = snapshot.Seek(TableId.Meta, []);
        Assert.True(cursor.MoveNext());
        snapshot.Dispose();
        Assert.Throws<ObjectDisposedException>(() => snapshot.TryGet(TableId.Meta, "k"u8, out _));
        Assert.Throws<ObjectDisposedException>(() => cursor.Value.Length);
    }

    [Fact]
    public async Task OpenSnapshot_ManyThreadsWhileCommitting_EachSeesOneCommitWhole()
    {
        using var directory = new TemporaryDirectory();
        using var device = MmapPageDevice.Open(directory.File("data"), extentBytes: 1024 * 1024);
        var tree = CopyOnWriteTree.Open(device, new SlotSnapshotRegistry());
        WriteGeneration(tree, device, 1);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() => ReadGenerations(tree, stop.Token))).ToArray();
        for (var generation = 2; generation < 120 && !readers.Any(static reader => reader.IsFaulted); generation++)
            WriteGeneration(tree, device, generation);
        await stop.CancelAsync();
        var snapshots = await Task.WhenAll(readers);
        Assert.All(snapshots, static count => Assert.True(count > 0));
        Assert.Empty(TreeCheck.Run(device));
    }

    private void Overwrite(CopyOnWriteTree tree, int commits)
    {
        for (var i = 0; i < commits; i++)
        {
            for (var key = 0; key < 10; key++)
                tree.Put(TableId.Meta, [(byte)key], new byte[4000]);
            tree.Commit(_disk);
        }
    }

    /// <summary>Every value of a generation is its number repeated; lengths differ, so pages are reused for other purposes.</summary>
    private static void WriteGeneration(CopyOnWriteTree tree, MmapPageDevice device, int generation)
    {
        for (var i = 0; i < 40; i++)
        {
            var value = new byte[4 * (1 + (i * 31 + generation * 17) % 1500)];
            for (var at = 0; at < value.Length; at += 4)
                BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(at), generation);
            tree.Put(TableId.V2Nodes, [(byte)i], value);
        }
        tree.Commit(device);
    }

    private static int ReadGenerations(CopyOnWriteTree tree, CancellationToken stop)
    {
        var snapshots = 0;
        do
        {
            using var snapshot = tree.OpenSnapshot();
            Assert.True(snapshot.TryGet(TableId.V2Nodes, [0], out var first));
            var generation = BinaryPrimitives.ReadInt32LittleEndian(first);
            var keys = 0;
            for (var cursor = snapshot.Seek(TableId.V2Nodes, []); cursor.MoveNext(); keys++)
                for (var value = cursor.Value; !value.IsEmpty; value = value[4..])
                    Assert.Equal(generation, BinaryPrimitives.ReadInt32LittleEndian(value));
            Assert.Equal(40, keys);
            snapshots++;
        } while (!stop.IsCancellationRequested);
        return snapshots;
    }
}
