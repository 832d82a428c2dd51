using Storage.Core.Tree;

namespace Storage.Tree.Tests;

/// <summary>
/// The tree does what a sorted dictionary does, whatever is interleaved with whatever. Method: random changes, commits with changes going on
/// while they are written, snapshots held for a while, reopenings; everything compared with the model and checked page by page.
/// </summary>
public sealed class TreeModelTests
{
    private const int ExtentBytes = 1024 * 1024;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AllOperations_RandomOrder_AgreeWithModel(int seed)
    {
        // The seed is the theory's argument, so a failure names it.
        var random = new Random(seed);
        var disk = new SimulatedDisk(ExtentBytes);
        var tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
        var workload = new Workload(random, keySpace: random.Next(20, 600), maxValueBytes: 40_000);
        var running = new TreeModel();
        var committed = new TreeModel();
        List<(ITreeSnapshot Snapshot, TreeModel Model)> snapshots = [];

        for (var step = 0; step < 40; step++)
        {
            workload.Change(tree, running, random.Next(1, 60));
            if (random.Next(15) == 0)
                Workload.Clear(tree, running);
            if (random.Next(4) == 0)
                Move(tree, random);
            if (random.Next(3) == 0)
                committed = Commit(tree, disk, running, workload, random) ?? committed;
            if (random.Next(6) == 0)
                snapshots.Add((tree.OpenSnapshot(), committed));
            if (snapshots.Count > 0 && random.Next(6) == 0)
                Close(snapshots, random.Next(snapshots.Count));
            if (random.Next(12) == 0)
            {
                while (snapshots.Count > 0)
                    Close(snapshots, 0);
                Assert.Empty(TreeCheck.Run(disk));
                tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
                running = committed.Clone();
            }
            running.AssertEqual(tree);
        }
        while (snapshots.Count > 0)
            Close(snapshots, 0);
        using (var last = tree.OpenSnapshot())
            committed.AssertEqual(last);
        Assert.Empty(TreeCheck.Run(disk));
    }

    /// <summary>Moves what lies behind a page somewhere in the file, and now and then lets the file be cut.</summary>
    private static void Move(CopyOnWriteTree tree, Random random)
    {
        tree.IsTight = random.Next(2) == 0;
        List<LeafPlace> found = [];
        var scan = tree.BeginMoving(random.NextInt64(2, tree.UsedPages + 1));
        while (!scan.IsDone)
            scan.Step(random.Next(1, 50), found);
        foreach (var place in found)
            tree.Move(place, scan.End);
    }

    private static TreeModel? Commit(CopyOnWriteTree tree, SimulatedDisk disk, TreeModel running, Workload workload, Random random)
    {
        var sealedModel = running.Clone();
        if (tree.BeginCommit() is not { } commit)
            return null;
        Assert.Equal(0, tree.DirtyBytes);
        workload.Change(tree, running, random.Next(0, 20));
        commit.WriteTo(disk);
        workload.Change(tree, running, random.Next(0, 20));
        tree.CompleteCommit(commit);
        Assert.Empty(TreeCheck.Run(disk));
        return sealedModel;
    }

    private static void Close(List<(ITreeSnapshot Snapshot, TreeModel Model)> snapshots, int index)
    {
        var (snapshot, model) = snapshots[index];
        model.AssertEqual(snapshot);
        snapshot.Dispose();
        snapshots.RemoveAt(index);
    }
}
