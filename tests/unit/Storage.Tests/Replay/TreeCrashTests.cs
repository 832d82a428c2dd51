using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Tests.Harness;
using Storage.Tree.Tests;
using Xunit.Abstractions;

namespace Storage.Tests.Replay;

/// <summary>
/// Goal: a replica whose machine lost power at any moment, and which replays the log from the applied index that its file holds, is the same as one that
/// never stopped: keys, leases, sessions, v2, byte for byte (I2, I3). Method: a random log applied on a tree on a simulated disk, commits, sweeps and moves of
/// pages in between; some calls of the disk are cut off in one of the ways of <see cref="CrashLosses"/>.
/// </summary>
public sealed class TreeCrashTests(ITestOutputHelper output)
{
    private const int ExtentBytes = 64 * 1024;
    private const int Commands = 150;
    private const int CrashesPerLog = 12;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(500, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Replay_AfterACrashOfTheDisk_GivesTheSameBytesAsNoCrash(int seed)
    {
        var random = new Random(seed);
        var origin = ReplayTests.Drive(seed, Commands);
        var expected = ReplayTests.Fingerprint(origin);
        var disk = new SimulatedDisk(ExtentBytes);
        var replica = new OnDisk(disk);
        foreach (var entry in origin.Log)
            replica.Live(entry, random);
        Assert.Equal(expected, replica.Fingerprint());

        List<ulong> found = [];
        for (var i = 0; i < CrashesPerLog; i++)
        {
            var (name, crashed) = Crash(disk, random.Next(disk.Log.Count + 1), random);
            var survivor = new OnDisk(crashed);
            found.Add(survivor.Machine.AppliedIndex.Value);
            foreach (var entry in origin.Log)
                Assert.Equal(entry.Index.Value > found[^1], survivor.Replay(entry));
            Assert.True(expected == survivor.Fingerprint(), $"seed {seed}, {name}, replayed after {found[^1]}");
        }
        output.WriteLine($"{disk.Log.Count} calls; crashes found the applied indexes {string.Join(' ', found.Order())} of {Commands}");
        Assert.True(found.Distinct().Count() > 2, "the crashes all hit the same commit");
    }

    /// <summary>The disk as a crash before a call leaves it.</summary>
    private static (string Name, SimulatedDisk Disk) Crash(SimulatedDisk source, int cut, Random random)
    {
        var lastSync = source.Log.FindLastIndex(Math.Max(0, cut - 1), static call => call.IsSync);
        if (cut == 0)
            lastSync = -1;
        var disk = new SimulatedDisk(ExtentBytes);
        foreach (var call in source.Log[..(lastSync + 1)])
            disk.Apply(call);
        var losses = CrashLosses.Of(source.Log[(lastSync + 1)..cut], isWhole: true, random).ToList();
        var loss = losses[random.Next(losses.Count)];
        foreach (var call in loss.Kept)
            if (!call.IsWrite || call.Offset + call.Data!.Length <= disk.Length)
                disk.Apply(call);
        return ($"cut {cut}, {loss.Name}", disk);
    }

    /// <summary>A state machine on a tree on a disk.</summary>
    private sealed class OnDisk
    {
        private readonly SimulatedDisk _disk;
        private readonly CopyOnWriteTree _tree;
        private StateMachine.PendingCommit? _underWay;

        public OnDisk(SimulatedDisk disk)
        {
            _disk = disk;
            _tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
            Machine = StateMachine.Open(_tree, new StateMachineOptions());
        }

        public StateMachine Machine { get; }

        public bool Replay(in Entry entry)
        {
            Assert.True(CommandEnvelope.TryDecode(entry.Data, out var command, out var payload));
            var isApplied = Machine.Apply(entry, command, payload, null, out _);
            Machine.Freeze();
            return isApplied;
        }

        /// <summary>Applies, and does some of the other things that a replica does.</summary>
        public void Live(in Entry entry, Random random)
        {
            Assert.True(Replay(entry));
            if (random.Next(3) == 0)
                Machine.Sweep.Step(5);
            if (random.Next(8) == 0)
                Move(random);
            // A commit is under way while further entries are applied.
            if (_underWay is not null && random.Next(2) == 0)
                EndCommit();
            else if (_underWay is null && random.Next(6) == 0)
                _underWay = Machine.BeginCommit();
        }

        /// <summary>Of everything, swept and committed.</summary>
        public string Fingerprint()
        {
            EndCommit();
            while (Machine.Sweep.IsPending)
                Machine.Sweep.Step(100);
            _underWay = Machine.BeginCommit();
            EndCommit();
            Assert.DoesNotContain(TreeCheck.Run(_disk), static finding => finding.IsDamage);
            return ReplayTests.Fingerprint(_tree);
        }

        private void EndCommit()
        {
            if (_underWay is null)
                return;
            _underWay.Commit.WriteTo(_disk);
            Machine.CompleteCommit(_underWay);
            _underWay = null;
        }

        private void Move(Random random)
        {
            _tree.IsTight = random.Next(2) == 0;
            List<LeafPlace> found = [];
            var scan = _tree.BeginMoving(random.NextInt64(2, _tree.UsedPages + 1));
            while (!scan.IsDone)
                scan.Step(10, found);
            foreach (var place in found)
                _tree.Move(place, scan.End);
        }
    }
}
