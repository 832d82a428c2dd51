using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Storage.Core.Tree;
using Xunit.Abstractions;

namespace Storage.Tree.Tests;

/// <summary>
/// A crash at any moment leaves a commit, whole. Method: run a small workload on a disk that notes its calls; then, for a cut at every call, act out what
/// may be left of the calls since the last sync (see <see cref="CrashLosses"/>), open it, compare with the model of the commit found, check every page, and
/// now and then go on working with it.
/// </summary>
/// <remarks>The variable <c>CRASH_WORKLOADS</c> says how many workloads are run, <c>CRASH_SEED</c> which is the first.</remarks>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int DefaultWorkloads = 2_000;
    private const int DefaultFirstSeed = 1_000;

    [Fact]
    public void Open_CrashAtEveryCallOfManyWorkloads_FindsTheLastCommitWhole()
    {
        var (first, count) = (Setting("CRASH_SEED", DefaultFirstSeed), Setting("CRASH_WORKLOADS", DefaultWorkloads));
        var tried = new ConcurrentDictionary<string, int>();
        var failures = new ConcurrentQueue<string>();
        var watch = Stopwatch.StartNew();
        Parallel.For(first, first + count, (seed, loop) =>
        {
            try
            {
                RunOneWorkload(seed, tried);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                failures.Enqueue(failure.Message);
                loop.Stop();
            }
        });
        output.WriteLine($"{count} workloads from seed {first}: {tried.Values.Sum()} crashes in {watch.Elapsed.TotalSeconds:f1} s");
        foreach (var (name, times) in tried.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            output.WriteLine($"{times,8} {name}");
        Assert.Empty(failures);
        Assert.True(count < DefaultWorkloads || tried.GetValueOrDefault("after the file was cut") > count, "the workloads do not cut the file often enough");
    }

    /// <summary>Seeds of which a crash was not survived once, by a version of this tree or by one that was broken on purpose.</summary>
    [Theory]
    [InlineData(1)] // no sync between pages and meta page
    [InlineData(2)] // no sync after the meta page
    [InlineData(1002)] // file cut to what one of the meta pages needs
    public void Open_CrashAtEveryCallOfAKeptWorkload_FindsTheLastCommitWhole(int seed) => RunOneWorkload(seed, new ConcurrentDictionary<string, int>());

    private static void RunOneWorkload(int seed, ConcurrentDictionary<string, int> tried)
    {
        var workload = new CrashWorkload(seed);
        var random = new Random(seed);
        var log = workload.Disk.Log;
        var synced = new SimulatedDisk(CrashWorkload.ExtentBytes);
        List<DiskOperation> unsynced = [];
        var isCut = false;
        for (var cut = 0; cut <= log.Count; cut++)
        {
            var isWhole = cut == log.Count || log[cut].IsSync;
            foreach (var loss in CrashLosses.Of(unsynced, isWhole, random))
            {
                Verify($"seed {seed}, cut {cut}, {loss.Name}", cut, loss.Name == "all lost", Recover(synced, loss.Kept), workload, random);
                tried.AddOrUpdate(loss.Name.StartsWith("page ", StringComparison.Ordinal) ? $"one page {loss.Name.Split(' ')[2]}" : loss.Name, 1, static (_, n) => n + 1);
                if (isCut)
                    tried.AddOrUpdate("after the file was cut", 1, static (_, n) => n + 1);
            }
            if (workload.Commits.FindLastIndex(commit => commit.CompleteAt == cut) is > 1 and var complete)
            {
                VerifyCommitBefore($"seed {seed}, cut {cut}, meta page lost", complete, Recover(synced, unsynced), workload);
                tried.AddOrUpdate("meta page lost after its commit", 1, static (_, n) => n + 1);
            }
            if (cut == log.Count)
                break;
            isCut |= !log[cut].IsWrite && !log[cut].IsSync && log[cut].Offset < Math.Max(synced.Length, unsynced.Max(LengthOf) ?? 0);
            if (!log[cut].IsSync)
            {
                unsynced.Add(log[cut]);
                continue;
            }
            unsynced.ForEach(call => synced.Apply(call));
            unsynced.Clear();
        }
    }

    private static long? LengthOf(DiskOperation call) => call.IsWrite ? null : call.Offset;

    private static SimulatedDisk Recover(SimulatedDisk synced, List<DiskOperation> kept)
    {
        var disk = new SimulatedDisk(synced);
        foreach (var call in kept)
            // A write beyond a length that was lost cannot have been kept.
            if (!call.IsWrite || call.Offset + call.Data!.Length <= disk.Length)
                disk.Apply(call);
        return disk;
    }

    private static void Verify(string where, int cut, bool isAllLost, SimulatedDisk disk, CrashWorkload workload, Random random)
    {
        var commits = workload.Commits;
        try
        {
            var tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
            var found = (int)tree.CommittedTxn;
            var last = commits.FindLastIndex(commit => commit.CompleteAt <= cut);
            Assert.True(found == last || (found == last + 1 && !isAllLost) || (last <= 1 && found <= 1), $"commit {found} found, {last} was complete");
            using (var snapshot = tree.OpenSnapshot())
                commits[found].Model.AssertEqual(snapshot);
            Assert.DoesNotContain(TreeCheck.Run(disk), static finding => finding.IsDamage);
            if (random.Next(20) == 0)
                GoOn(tree, disk, commits[found].Model.Clone(), random);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw new InvalidOperationException($"{where}: {failure}", failure);
        }
    }

    /// <summary>Until the next commit begins, the one before the last is still there: the file goes on with it when the last meta page turns out to be damaged.</summary>
    private static void VerifyCommitBefore(string where, int complete, SimulatedDisk disk, CrashWorkload workload)
    {
        disk.FlipBit((complete & 1) * 4096 + 50, 1);
        try
        {
            var tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
            Assert.Equal(complete - 1, tree.CommittedTxn);
            using (var snapshot = tree.OpenSnapshot())
                workload.Commits[complete - 1].Model.AssertEqual(snapshot);
            Assert.DoesNotContain(TreeCheck.Run(disk), static finding => finding.IsDamage);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw new InvalidOperationException($"{where}: {failure}", failure);
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

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
