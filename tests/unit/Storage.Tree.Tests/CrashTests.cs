using Storage.Core.Tree;

namespace Storage.Tree.Tests;

/// <summary>
/// A crash at any moment leaves a commit, whole. Method: run a small workload on a disk that notes its calls; then, for a cut at every call,
/// act out what may be left of the calls since the last sync (nothing, all, all with the last write torn, any part of them), open it, compare
/// with the model of the commit found, check every page, and go on working with it.
/// </summary>
public sealed class CrashTests
{
    private const int ExtentBytes = 128 * 1024;
    private const int Commits = 8;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Open_CrashAtEveryCall_FindsTheLastCommitWhole(int seedGroup)
    {
        for (var i = 0; i < 8; i++)
            RunOneWorkload(seedGroup * 1000 + i);
    }

    private static void RunOneWorkload(int seed)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk(ExtentBytes);
        // By commit number: what it holds, and how many calls had been made when it was complete.
        List<(TreeModel Model, int CompleteAt)> commits = [];
        RunWorkload(random, disk, commits);

        var synced = new SimulatedDisk(ExtentBytes);
        List<DiskOperation> unsynced = [];
        for (var cut = 0; cut <= disk.Log.Count; cut++)
        {
            foreach (var loss in Enum.GetValues<Loss>())
                Verify(seed, cut, loss, Recover(synced, unsynced, loss, random), commits, random);
            if (cut == disk.Log.Count)
                break;
            unsynced.Add(disk.Log[cut]);
            if (!disk.Log[cut].IsSync)
                continue;
            unsynced.ForEach(operation => synced.Apply(operation));
            unsynced.Clear();
        }
    }

    private static void RunWorkload(Random random, SimulatedDisk disk, List<(TreeModel, int)> commits)
    {
        var tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
        var model = new TreeModel();
        // The formatted file counts as commits 0 and 1.
        commits.Add((new TreeModel(), 0));
        commits.Add((new TreeModel(), 0));
        var workload = new Workload(random, keySpace: 60, maxValueBytes: 9_000);
        for (var i = 0; i < Commits; i++)
        {
            workload.Change(tree, model, random.Next(1, 25));
            if (tree.BeginCommit() is not { } commit)
                continue;
            var sealedModel = model.Clone();
            workload.Change(tree, model, random.Next(0, 5));
            commit.WriteTo(disk);
            commits.Add((sealedModel, disk.Log.Count));
            tree.CompleteCommit(commit);
        }
    }

    private static SimulatedDisk Recover(SimulatedDisk synced, List<DiskOperation> unsynced, Loss loss, Random random)
    {
        var disk = new SimulatedDisk(synced);
        for (var i = 0; i < unsynced.Count; i++)
        {
            var operation = unsynced[i];
            // A write beyond a length that was lost cannot have been kept.
            if (operation.IsWrite && operation.Offset + operation.Data!.Length > disk.Length)
                continue;
            switch (loss)
            {
                case Loss.All:
                    break;
                case Loss.None:
                    disk.Apply(operation);
                    break;
                case Loss.TornLast when i == unsynced.Count - 1 && operation.IsWrite:
                    // Half a page too many or too few.
                    disk.Apply(operation, random.Next(0, operation.Data!.Length / 2048) * 2048);
                    break;
                case Loss.TornLast:
                    disk.Apply(operation);
                    break;
                case Loss.Random:
                    KeepSome(disk, operation, random);
                    break;
            }
        }
        return disk;
    }

    /// <summary>Each sector of a write makes it or not.</summary>
    private static void KeepSome(SimulatedDisk disk, DiskOperation operation, Random random)
    {
        if (operation.Data is not { } data)
        {
            if (random.Next(2) == 0)
                disk.Apply(operation);
            return;
        }
        for (var at = 0; at < data.Length; at += 512)
            if (random.Next(2) == 0)
                disk.Write(operation.Offset + at, data.AsSpan(at, Math.Min(512, data.Length - at)));
    }

    private static void Verify(
        int seed, int cut, Loss loss, SimulatedDisk disk, List<(TreeModel Model, int CompleteAt)> commits, Random random)
    {
        var where = $"seed {seed}, cut {cut}, {loss}";
        try
        {
            var tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
            var found = (int)tree.CommittedTxn;
            var last = commits.FindLastIndex(commit => commit.CompleteAt <= cut);
            Assert.True(
                found == last || (found == last + 1 && loss != Loss.All) || (last <= 1 && found <= 1), $"commit {found} found, {last} was complete");
            using (var snapshot = tree.OpenSnapshot())
                commits[found].Model.AssertEqual(snapshot);
            Assert.DoesNotContain(TreeCheck.Run(disk), static finding => finding.IsDamage);
            if (cut % 3 == 0)
                GoOn(tree, disk, commits[found].Model.Clone(), random);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Assert.Fail($"{where}: {failure}");
        }
    }

    private static void GoOn(CopyOnWriteTree tree, SimulatedDisk disk, TreeModel model, Random random)
    {
        var workload = new Workload(random, keySpace: 60, maxValueBytes: 9_000);
        for (var i = 0; i < 2; i++)
        {
            workload.Change(tree, model, 10);
            if (tree.BeginCommit() is not { } commit)
                continue;
            commit.WriteTo(disk);
            tree.CompleteCommit(commit);
        }
        using (var snapshot = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry()).OpenSnapshot())
            // A last round that changed nothing leaves the model as committed, too.
            model.AssertEqual(snapshot);
        Assert.DoesNotContain(TreeCheck.Run(disk), static finding => finding.IsDamage);
    }

    private enum Loss
    {
        All,
        None,
        TornLast,
        Random,
    }
}
