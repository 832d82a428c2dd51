using System.Buffers.Binary;
using Storage.Core.Tree;
using Storage.Host.Disk;

namespace Storage.Tree.Tests;

/// <summary>
/// Free space goes back to the file system while the tree is in use. Method: fill, delete, act as the shell does, and look at the device's length, its
/// calls, the content and every page.
/// </summary>
public sealed class SpaceTests
{
    private const int ExtentBytes = 1024 * 1024;

    private readonly SimulatedDisk _disk = new(ExtentBytes);
    private readonly SingleThreadSnapshotRegistry _registry = new();
    private readonly CopyOnWriteTree _tree;
    private readonly TreeModel _model = new();

    public SpaceTests() => _tree = CopyOnWriteTree.Open(_disk, _registry);

    [Theory]
    [InlineData(100, 200)]
    [InlineData(3_000, 20_000)]
    [InlineData(100, 60_000)]
    public void Move_MostDeleted_LeavesAFileAsLongAsItsContent(int minBytes, int maxBytes)
    {
        var random = new Random(minBytes + maxBytes);
        Fill(random, 16 * 1024 * 1024, minBytes, maxBytes);
        var full = _tree.Size.FileBytes;
        DeleteSome(random, keepOneIn: 10);
        ReturnAll();
        var (file, inUse) = _tree.Size;
        Assert.True(file < full / 5 && file <= inUse * 23 / 20 + 512 * 1024, $"{full} shrank to {file}, {inUse} are in use");
        AssertSound();
    }

    [Fact]
    public void Move_NothingToGain_ChangesNothing()
    {
        Fill(new Random(1), 4 * 1024 * 1024, 100, 3_000);
        _tree.IsTight = true;
        for (var i = 0; i < 5; i++)
            Touch();
        Assert.Null(_tree.BeginMoving());
        Assert.False(_tree.WantsCommit);
    }

    [Fact]
    public void Move_PlacesThatChangedMeanwhile_AreLeftAlone()
    {
        Fill(new Random(2), 1024 * 1024, 100, 20_000);
        List<LeafPlace> found = [];
        for (var scan = _tree.BeginMoving(2); !scan.IsDone;)
            scan.Step(7, found);
        Workload.Clear(_tree, _model);
        Assert.All(found, place => Assert.Equal(0, _tree.Move(place, 2)));
        Touch();
        AssertSound();
    }

    [Fact]
    public void Move_NoRoomBeforeTheEnd_SaysSoAndGrowsNothing()
    {
        Fill(new Random(3), 1024 * 1024, 100, 300);
        var used = _tree.UsedPages;
        List<LeafPlace> found = [];
        for (var scan = _tree.BeginMoving(2); !scan.IsDone;)
            scan.Step(100, found);
        Assert.NotEmpty(found);
        Assert.All(found, place => Assert.Equal(-1, _tree.Move(place, 2)));
        Assert.Equal(used, _tree.UsedPages);
    }

    [Fact]
    public void WriteTo_ReaderHoldsTheEnd_CutsNothingThatItReads()
    {
        var random = new Random(4);
        Fill(random, 8 * 1024 * 1024, 100, 9_000);
        var held = _model.Clone();
        var full = _tree.Size.FileBytes;
        using (var reader = _tree.OpenSnapshot())
        {
            DeleteSome(random, keepOneIn: 20);
            ReturnAll();
            Assert.True(_tree.Size.FileBytes > full * 3 / 4, $"{full} shrank to {_tree.Size.FileBytes}");
            held.AssertEqual(reader);
        }
        ReturnAll();
        Assert.True(_tree.Size.FileBytes < full / 4, $"{full} shrank to {_tree.Size.FileBytes} only");
        AssertSound();
    }

    [Fact]
    public void WriteTo_FileCut_BothMetaPagesHaveRoomInIt()
    {
        var random = new Random(5);
        Fill(random, 4 * 1024 * 1024, 100, 9_000);
        DeleteSome(random, keepOneIn: 20);
        var cuts = 0;
        _disk.Intercept = call =>
        {
            if (call.IsWrite || call.IsSync || call.Offset >= _disk.Length)
                return;
            cuts++;
            for (var slot = 0; slot < 2; slot++)
                Assert.InRange(BinaryPrimitives.ReadInt64LittleEndian(_disk.Read(slot * 4096 + 48, 8)) * 4096, 1, call.Offset);
        };
        ReturnAll();
        Assert.True(cuts > 0);
    }

    [Fact]
    public void WantsCommit_MuchDeleted_ReturnsTheSpaceByItselfAndThenRests()
    {
        var random = new Random(6);
        Fill(random, 24 * 1024 * 1024, 100, 3_000);
        var full = _tree.Size.FileBytes;
        DeleteSome(random, keepOneIn: 8);
        Touch();
        var commits = 0;
        for (; _tree.WantsCommit; commits++)
        {
            Assert.True(commits < 100, "it does not come to rest");
            if (_tree.BeginMoving() is { } scan)
                Run(scan);
            _tree.Commit(_disk);
        }
        Assert.True(commits > 0 && _tree.Size.FileBytes < full / 2, $"{full} shrank to {_tree.Size.FileBytes} in {commits} commits");
        Assert.Null(_tree.BeginMoving());
        Assert.Null(_tree.BeginCommit());
        AssertSound();
    }

    [Fact]
    public void WriteTo_ContentComesAndGoes_DoesNotBounce()
    {
        var random = new Random(7);
        Fill(random, 8 * 1024 * 1024, 100, 300);
        var lengths = 0;
        for (var round = 0; round < 60; round++)
        {
            if (round == 10)
                _disk.Intercept = call => lengths += call is { IsWrite: false, IsSync: false } ? 1 : 0;
            // Every other commit has six mebibytes more than the one before it.
            for (var i = 0; i < 100; i++)
            {
                if (round % 2 == 0)
                    Put(TableId.V2Events, i, new byte[60_000]);
                else
                    Delete(TableId.V2Events, i);
            }
            if (_tree.BeginMoving() is { } scan)
                Run(scan);
            _tree.Commit(_disk);
        }
        Assert.Equal(0, lengths);
    }

    [Fact]
    public void Move_MoreThanOneFreeMap_GivesTheMapsUpToo()
    {
        var value = new byte[1000 * 1000];
        for (var i = 0; i < 300; i++)
        {
            _tree.Put(TableId.V2Nodes, Key(i), value);
            if (i % 50 == 0)
                _tree.Commit(_disk);
        }
        _tree.Commit(_disk);
        for (var i = 0; i < 300; i++)
            if (i % 100 != 99)
                Assert.True(_tree.Delete(TableId.V2Nodes, Key(i)));
        ReturnAll();
        Assert.InRange(_tree.Size.FileBytes, 3_000_000, 4_500_000);
        Assert.Empty(TreeCheck.Run(_disk));
        // And grows again.
        for (var i = 0; i < 300; i++)
            _tree.Put(TableId.V2Nodes, Key(i), value);
        _tree.Commit(_disk);
        Assert.Empty(TreeCheck.Run(_disk));
        Assert.Equal(_tree.Size, CopyOnWriteTree.Open(_disk, _registry).Size);
    }

    [Fact]
    public void Put_RunsFreedAtTheFront_AreUsedBeforeTheEnd()
    {
        for (var i = 0; i < 200; i++)
            Put(TableId.V2Nodes, i, new byte[20_000]);
        _tree.Commit(_disk);
        for (var i = 0; i < 100; i++)
            Delete(TableId.V2Nodes, i);
        _tree.Commit(_disk);
        Touch();
        var used = _tree.UsedPages;
        for (var i = 300; i < 380; i++)
            Put(TableId.V2Nodes, i, new byte[20_000]);
        _tree.Commit(_disk);
        Assert.True(_tree.UsedPages <= used + 4, $"{used} grew to {_tree.UsedPages}");
    }

    [Fact]
    public void Move_OnARealFile_ReadersNeverFault()
    {
        using var directory = new TemporaryDirectory();
        using var device = MmapPageDevice.Open(directory.File("data"), ExtentBytes);
        var tree = CopyOnWriteTree.Open(device, new SlotSnapshotRegistry());
        var model = new TreeModel();
        var workload = new Workload(new Random(8), keySpace: 2_000, maxValueBytes: 60_000);
        for (var round = 0; round < 12; round++)
        {
            workload.Change(tree, model, 500);
            tree.Commit(device);
            using var reader = tree.OpenSnapshot();
            var held = model.Clone();
            if (round % 3 == 2)
                Workload.Clear(tree, model);
            tree.IsTight = true;
            for (var i = 0; i < 4; i++)
            {
                Run(tree.BeginMoving(tree.UsedPages / 2), tree);
                tree.Commit(device);
            }
            held.AssertEqual(reader);
        }
        using (var last = tree.OpenSnapshot())
            model.AssertEqual(last);
        Assert.Empty(TreeCheck.Run(device));
        Assert.Equal(new FileInfo(directory.File("data")).Length, device.Length);
    }

    private void Fill(Random random, long bytes, int minBytes, int maxBytes)
    {
        for (var i = 0; bytes > 0; i++)
        {
            var value = new byte[random.Next(minBytes, maxBytes)];
            random.NextBytes(value);
            Put(i % 3 == 0 ? TableId.V2Nodes : TableId.Revisions, i, value);
            bytes -= value.Length;
            if (i % 500 == 0)
                _tree.Commit(_disk);
        }
        _tree.Commit(_disk);
    }

    private void DeleteSome(Random random, int keepOneIn)
    {
        foreach (var table in TreeModel.Tables)
            foreach (var key in _model[table].Keys.ToArray())
                if (random.Next(keepOneIn) != 0)
                {
                    Assert.True(_tree.Delete(table, key));
                    _model[table].Remove(key);
                }
    }

    /// <summary>As the shell does when it is asked to.</summary>
    private void ReturnAll()
    {
        _tree.IsTight = true;
        Touch();
        var used = long.MaxValue;
        for (var pass = 0; pass < 8 && _tree.UsedPages < used && _tree.BeginMoving() is { } scan; pass++)
        {
            used = _tree.UsedPages;
            Run(scan);
            Touch();
        }
        for (var i = 0; i < 3; i++)
            Touch();
        _tree.IsTight = false;
    }

    private void Run(ITailScan scan) => Run(scan, _tree, Touch);

    private static void Run(ITailScan scan, CopyOnWriteTree tree, Action? commit = null)
    {
        List<LeafPlace> found = [];
        while (!scan.IsDone)
        {
            found.Clear();
            scan.Step(200, found);
            for (var i = 0; i < found.Count; i++)
                if (tree.Move(found[i], scan.End) < 0)
                {
                    commit?.Invoke();
                    tree.Move(found[i], scan.End);
                }
        }
    }

    private void Touch()
    {
        _tree.Put(TableId.Leases, "touched"u8, [1]);
        _tree.Commit(_disk);
    }

    private void Put(TableId table, int key, byte[] value)
    {
        _tree.Put(table, Key(key), value, TreeModel.HeadOf(value));
        if (table != TableId.V2Events)
            _model[table][Key(key)] = value;
    }

    private void Delete(TableId table, int key)
    {
        Assert.True(_tree.Delete(table, Key(key)));
        if (table != TableId.V2Events)
            _model[table].Remove(Key(key));
    }

    private void AssertSound()
    {
        Assert.Empty(TreeCheck.Run(_disk));
        using var snapshot = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()).OpenSnapshot();
        _model.AssertEqual(snapshot);
    }

    private static byte[] Key(int i)
    {
        var key = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(key, i);
        return key;
    }
}
