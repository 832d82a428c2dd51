using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>One member of a <see cref="Cluster"/>: a node while it runs, its disk always, and what is on its way to the disk.</summary>
internal sealed class SimulatedMember(MemberId id, MemoryLog disk)
{
    private readonly Queue<Ready> _unstored = new();

    public MemberId Id { get; } = id;
    public MemoryLog Disk { get; } = disk;

    /// <summary>The log as its host sees it: what was handed over to be stored, stored or not.</summary>
    public MemoryLog View { get; private set; } = disk.Copy();

    public RaftNode? Node { get; private set; }
    public bool HasUnstored => _unstored.Count > 0;

    /// <summary>Highest index whose entry was compared with the history of the cluster.</summary>
    public LogIndex Recorded { get; set; }

    public void Start(RaftOptions options)
    {
        View = Disk.Copy();
        Recorded = Disk.Before;
        Node = new RaftNode(options, Disk.HardState, Disk.Terms(), Disk.Configurations(), Disk);
    }

    /// <summary>The process ends; of what was on its way to the disk, the first <paramref name="arrived"/> got there.</summary>
    public void Crash(int arrived)
    {
        Node = null;
        for (var i = 0; i < arrived && _unstored.TryDequeue(out var ready); i++)
            Disk.Store(ready);
        _unstored.Clear();
    }

    public void Begin(in Ready ready)
    {
        View.Store(ready);
        _unstored.Enqueue(ready);
    }

    /// <summary>The oldest of what was begun is stored; what promised it may be sent.</summary>
    public Ready Finish()
    {
        var ready = _unstored.Dequeue();
        Disk.Store(ready);
        Node!.Advance(ready);
        return ready;
    }

    /// <summary>The host gives up the older part of the log.</summary>
    public void Drop(LogIndex first)
    {
        if (HasUnstored || first <= Disk.Before.Next || first > Disk.Last || first > Node!.CommitIndex)
            return;
        Disk.Drop(first);
        View.Drop(first);
        Node.LogDropped(first);
    }
}
