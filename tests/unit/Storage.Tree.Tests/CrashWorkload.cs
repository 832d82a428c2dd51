using Storage.Core.Tree;

namespace Storage.Tree.Tests;

/// <summary>
/// A few commits of everything that a tree does in its life, from a seed: growth, values in overflow runs, deletions, moves to the front, cutting the file,
/// readers of older commits, restarts. Notes what each commit holds and when it was complete.
/// </summary>
internal sealed class CrashWorkload
{
    public const int ExtentBytes = 64 * 1024;
    private const int Steps = 7;

    private readonly Random _random;
    private readonly Workload _workload;
    private readonly TreeModel _model = new();
    private readonly List<(ITreeSnapshot Snapshot, TreeModel Model)> _readers = [];
    private CopyOnWriteTree _tree;

    public CrashWorkload(int seed)
    {
        _random = new Random(seed);
        _workload = new Workload(_random, keySpace: 60, maxValueBytes: 9_000);
        _tree = CopyOnWriteTree.Open(Disk, new SingleThreadSnapshotRegistry());
        // The formatted file counts as commits 0 and 1.
        Commits.Add((new TreeModel(), 0));
        Commits.Add((new TreeModel(), 0));
        for (var step = 0; step < Steps; step++)
            Step();
        CloseReaders();
    }

    public SimulatedDisk Disk { get; } = new(ExtentBytes);

    /// <summary>By commit number: what it holds, and how many calls the disk had got when it was complete.</summary>
    public List<(TreeModel Model, int CompleteAt)> Commits { get; } = [];

    private void Step()
    {
        switch (_random.Next(10))
        {
            case < 3:
                _workload.Change(_tree, _model, _random.Next(1, 25));
                break;
            case < 5:
                _workload.Grow(_tree, _model, _random.Next(5, 25));
                break;
            case < 6:
                GiveBack();
                return;
            case < 9:
                MoveSome();
                break;
            default:
                Restart();
                return;
        }
        _tree.IsTight = _random.Next(3) > 0;
        Commit();
        if (_random.Next(4) == 0)
            _readers.Add((_tree.OpenSnapshot(), Commits[^1].Model));
        if (_random.Next(3) == 0)
            CloseReaders();
    }

    /// <summary>Empties the tables and commits until the file is cut.</summary>
    private void GiveBack()
    {
        CloseReaders();
        Workload.Clear(_tree, _model);
        _tree.IsTight = true;
        for (var i = 0; i < 3; i++)
            Commit();
    }

    private void Commit()
    {
        if (_tree.BeginCommit() is not { } commit)
            return;
        var sealedModel = _model.Clone();
        _workload.Change(_tree, _model, _random.Next(0, 5));
        commit.WriteTo(Disk);
        Commits.Add((sealedModel, Disk.Log.Count));
        _tree.CompleteCommit(commit);
    }

    private void MoveSome()
    {
        List<LeafPlace> found = [];
        var scan = _tree.BeginMoving(_random.NextInt64(2, _tree.UsedPages + 1));
        while (!scan.IsDone)
            scan.Step(16, found);
        foreach (var place in found)
            _tree.Move(place, scan.End);
    }

    private void Restart()
    {
        CloseReaders();
        _tree = CopyOnWriteTree.Open(Disk, new SingleThreadSnapshotRegistry());
        _model.Replace(Commits[^1].Model);
    }

    private void CloseReaders()
    {
        foreach (var (snapshot, model) in _readers)
        {
            model.AssertEqual(snapshot);
            snapshot.Dispose();
        }
        _readers.Clear();
    }
}
