using Consensus.Contracts;
using Consensus.Core.Raft;
using Simulation.Checks;

namespace Simulation.World;

// What is checked after every step of this process.
internal sealed partial class SimulatedNode
{
    private LogIndex _splitAt;

    private void CheckLeader()
    {
        if (_raft is not { Role: Role.Leader } raft)
            return;
        if (_ledBefore is not { } led || led.Term != raft.Term)
        {
            _world.Truth.Leads(Id, raft, TermAt);
            _world.OnLeads(this);
            _world.Trace($"{Id} leads in term {raft.Term}");
        }
        else
        {
            Check.That(raft.LastIndex >= led.Last, $"leader append-only: {Id} cut its log from {led.Last} to {raft.LastIndex} in term {raft.Term}");
        }
        _ledBefore = (raft.Term, raft.LastIndex);
        if (raft.Configuration is { IsJoint: true } joint && raft.ConfigurationIndex > _splitAt)
        {
            _splitAt = raft.ConfigurationIndex;
            _world.OnJoint(this, joint);
        }
    }

    /// <summary>Of an entry that was handed out; null when this says nothing about it.</summary>
    private Term? TermAt(LogIndex index)
    {
        foreach (var ready in _toStore.Reverse())
        {
            if (ready.Entries.Length > 0 && ready.Entries[0].Index <= index)
                return index <= ready.Entries[^1].Index ? ready.Entries[(int)(index.Value - ready.Entries[0].Index.Value)].Term : null;
            if (ready.Reset is not null)
                return null;
        }
        return _wal!.CopyTerms().TryTermAt(index, out var term) ? term : null;
    }

    private void CheckAppendOnly(in Ready ready)
    {
        if (_raft!.Role == Role.Leader && ready.Entries.Length > 0 && ready.HardState.Term == _raft.Term && ready.Entries[^1].Term == _raft.Term)
            Check.That(ready.Entries[0].Term < _raft.Term || ready.Entries[0].Index > _wal!.Last, $"leader append-only: {Id} writes index {ready.Entries[0].Index} again in term {_raft.Term}");
    }

    private void CheckEntries(Entry[] entries)
    {
        var before = _wal!.CopyTerms();
        var known = before.TryTermAt(new LogIndex(entries[0].Index.Value - 1), out var term);
        Check.That(known, $"{Id} stores index {entries[0].Index} after {before.Last}");
        _world.Truth.Logs(Id, term, entries);
    }

    /// <summary>At most one configuration that its log does not know to be committed, with what is stored about commits (the promise of the log).</summary>
    private void CheckConfigurations()
    {
        if (_wal is not { } wal)
            return;
        var open = 0;
        foreach (var (index, _) in wal.Configurations)
            open += index > wal.HardState.Commit && index >= wal.First ? 1 : 0;
        Check.That(open <= 1, $"configuration safety: {open} configurations in the log of {Id} are not committed");
    }
}
