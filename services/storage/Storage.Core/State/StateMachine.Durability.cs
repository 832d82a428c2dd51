using System.Buffers.Binary;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.Keys;
using Storage.Core.Sessions;
using Storage.Core.Tree;
using Storage.Core.V2;

namespace Storage.Core.State;

/// <summary>How the state gets into the tree, and back.</summary>
public sealed partial class StateMachine
{
    /// <summary>A tree commit under way, and what it will make durable.</summary>
    public sealed record PendingCommit(ITreeCommit Commit, LogIndex AppliedIndex, long Revision, long V2Index, long SweptRevision);

    /// <summary>
    /// Seals everything applied so far, the applied index with its effects (I2), for a commit that the shell carries out. Null when nothing
    /// was applied since the last one.
    /// </summary>
    public PendingCommit? BeginCommit()
    {
        _sessions.Save();
        new MetaRecord(
            AppliedIndex.Value, AppliedTerm.Value, Store.Revision, Store.CompactRevision, Sweep.SweptRevision,
            V2.InitialIndex, V2.Index, V2.LastNodeId, Leases.Claim, _sessions.ClockUnixNanos).Save(_tree);
        return _tree.BeginCommit() is { } commit ? new PendingCommit(commit, AppliedIndex, Store.Revision, V2.Index, Sweep.SweptRevision) : null;
    }

    /// <summary>The commit was carried out: snapshots see it, and memory no longer has to hold what it holds.</summary>
    public void CompleteCommit(PendingCommit done)
    {
        _tree.CompleteCommit(done.Commit);
        Store.TrimHotTail(done.Revision, Options.HotRevisions, Options.HotBytes);
        V2.TrimRecent(done.V2Index, Options.HotRevisions, Options.HotBytes);
    }

    /// <summary>
    /// Rebuilds the state from the tree by sequential scans. Entries up to <see cref="AppliedIndex"/> are in it; the log is replayed from the next one.
    /// </summary>
    /// <exception cref="InvalidDataException">The file holds something that is no record of ours.</exception>
    public static StateMachine Open(ITree tree, StateMachineOptions options) => Open(tree, options, new InlineWorker());

    /// <summary>The same, with a helper for the part that can be done beside the scan.</summary>
    public static StateMachine Open(ITree tree, StateMachineOptions options, IBatchWorker worker)
    {
        var machine = new StateMachine(tree, options);
        if (MetaRecord.TryLoad(tree, out var meta))
            machine.Load(meta, worker);
        return machine;
    }

    private void Load(MetaRecord meta, IBatchWorker worker)
    {
        using var snapshot = _tree.OpenSnapshot();
        AppliedIndex = new LogIndex(meta.AppliedIndex);
        AppliedTerm = new Term(meta.AppliedTerm);

        for (var row = snapshot.Seek(TableId.Leases, []); row.MoveNext();)
            Leases.Load(row.Key, row.Value);
        Leases.Claim = meta.Claim;
        Store.Load(snapshot, worker, meta.Revision, meta.CompactRevision);
        for (var row = snapshot.Seek(TableId.Alarms, []); row.MoveNext();)
            Alarms.Load(row.Key, row.Value);
        Auth.Load(snapshot);
        Downgrade.Load(snapshot);
        Mapping.Load(snapshot);
        for (var row = snapshot.Seek(TableId.V2Nodes, []); row.MoveNext();)
            V2.Load(V2Node.Decode(row.Key, row.Value));
        V2.EndLoad(meta.V2InitialIndex, meta.V2Index, meta.V2LastNodeId);

        var sessions = new List<Session>();
        for (var row = snapshot.Seek(TableId.Sessions, []); row.MoveNext();)
            sessions.Add(Session.Decode(new SessionId(BinaryPrimitives.ReadUInt64BigEndian(row.Key)), row.Value));
        _sessions.Load(sessions, meta.ClockUnixNanos);
        Sweep.Resume(meta.SweptRevision);
    }
}
