using Consensus.Contracts;
using Simulation.Checks;

namespace Simulation.World;

// The storage replica of the process: sees what is committed, a little later, and applies it.
internal sealed partial class SimulatedNode
{
    // Committed and stored; the core may know more to be committed than this disk has.
    private LogIndex _commit;

    private void Publish(Term term, LogIndex commit)
    {
        _commit = commit;
        if (_published.Next < _wal!.First)
        {
            FetchSnapshot(Life);
            return;
        }
        while (_published < commit)
        {
            foreach (var entry in _wal.Read(_published.Next, commit.Next, 1 << 20))
            {
                _world.Truth.Commits(Id, term, entry);
                _published = entry.Index;
                _unapplied.Enqueue(entry);
            }
        }
        if (_unapplied.Count > 0 && !_isApplyPlanned)
        {
            _isApplyPlanned = true;
            var life = Life;
            _world.Scheduler.After(_world.ApplyDelay(), () =>
            {
                if (life == Life)
                    Apply();
            });
        }
    }

    private void Apply()
    {
        _isApplyPlanned = false;
        while (_unapplied.TryDequeue(out var entry))
        {
            if (entry.Index <= _machine.Applied)
                continue;
            var outcome = _machine.Apply(entry, (_world.Profile.ShellDefects & ShellDefects.ForgetSessions) != 0);
            _world.Truth.Applies(Id, _machine.Applied, _machine.Hash);
            _storage?.Apply(entry, outcome, (_world.Profile.ShellDefects & ShellDefects.LoseSession) != 0);
            if (outcome is { } result)
                _world.OnResult(this, result);
        }
        if (_storage is not null)
            _world.Truth.Stores(Id, _storage.Applied, _storage.Hash);
        if (_world.Random.Next(8) == 0)
        {
            MakeDurable();
            if ((_world.Profile.ShellDefects & ShellDefects.ApplyTwice) != 0 && _durable.Applied.Value > 0)
                _durable.ForgetApplied(new LogIndex(_durable.Applied.Value - 1));
        }
        AnswerReads();
    }

    /// <summary>The log begins after what the state machine has: the state comes from a peer that has more.</summary>
    private void FetchSnapshot(int life) => _world.Scheduler.After(20 + _world.Random.Next(200), () =>
    {
        if (life != Life || _published.Next >= _wal!.First)
            return;
        var peers = _world.Nodes.Where(peer => peer.IsUp && peer.Machine.Applied.Next >= _wal.First && !_world.Network.IsCut(peer.Id, Id)).ToList();
        if (peers.Count == 0)
        {
            FetchSnapshot(life);
            return;
        }
        var source = peers[_world.Random.Next(peers.Count)];
        _world.Trace($"{Id} installs the state of {source.Id} at {source._machine.Applied}");
        if (_storage is not null)
        {
            // What is sent is what a commit holds.
            source.MakeDurable();
            _storage = source._storage!.AfterCrash();
        }
        _machine = source._machine.Copy();
        _durable = _machine.Copy();
        _unapplied.Clear();
        _published = _machine.Applied;
        Check.That(_published.Next >= _wal.First, $"the snapshot is too old");
        Publish(_raft!.Term, _commit);
        AnswerReads();
    });
}
