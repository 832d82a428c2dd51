using Consensus.Contracts;

namespace Simulation.World;

/// <summary>
/// A small state machine with the rules of the real one that matter here: entries in order and each once, a session's outcome remembered and
/// answered again (I2, I8). Each write of a key makes its next version.
/// </summary>
internal sealed class KvMachine
{
    private readonly Dictionary<int, (ulong Value, ulong Version)> _keys = [];
    private readonly Dictionary<ulong, (ulong Sequence, ulong Version, ulong Revision)> _sessions = [];

    private ulong _revision = 1;

    /// <summary>The outcome of a write.</summary>
    public readonly record struct Outcome(KvCommand Command, ulong Version, ulong Revision);

    public LogIndex Applied { get; private set; }

    /// <summary>Of the keys and the sessions: equal at equal index on all members (I3).</summary>
    public ulong Hash { get; private set; }

    /// <summary>Another machine in the same state.</summary>
    public KvMachine Copy()
    {
        var copy = new KvMachine { Applied = Applied, Hash = Hash, _revision = _revision };
        foreach (var (key, value) in _keys)
            copy._keys.Add(key, value);
        foreach (var (session, outcome) in _sessions)
            copy._sessions.Add(session, outcome);
        return copy;
    }

    public (ulong Value, ulong Version) Get(int key) => _keys.GetValueOrDefault(key);

    /// <summary>Applies the next entry; null when it is no command.</summary>
    /// <param name="entry">The next one.</param>
    /// <param name="forgetsSessions">The defect: an outcome is not remembered.</param>
    public Outcome? Apply(in Entry entry, bool forgetsSessions = false)
    {
        Applied = entry.Index;
        if (!KvCommand.TryDecode(entry, out var command))
            return null;
        if (command.Session == 0 || forgetsSessions)
            return new Outcome(command, Put(command), _revision);
        var known = _sessions.GetValueOrDefault(command.Session);
        if (command.Sequence < known.Sequence)
            return null;
        if (command.Sequence == known.Sequence)
            return new Outcome(command, known.Version, known.Revision);

        var version = Put(command);
        Hash ^= Mix(command.Session, known.Sequence, known.Version) ^ Mix(command.Session, command.Sequence, version);
        _sessions[command.Session] = (command.Sequence, version, _revision);
        return new Outcome(command, version, _revision);
    }

    /// <summary>The defect: the applied index is lost, the effects are not.</summary>
    public void ForgetApplied(LogIndex applied) => Applied = applied;

    private ulong Put(in KvCommand command)
    {
        var old = _keys.GetValueOrDefault(command.Key);
        _keys[command.Key] = (command.Value, old.Version + 1);
        _revision++;
        Hash ^= Mix((ulong)command.Key, old.Value, old.Version) ^ Mix((ulong)command.Key, command.Value, old.Version + 1);
        return old.Version + 1;
    }

    private static ulong Mix(ulong a, ulong b, ulong c)
    {
        if (c == 0)
            return 0;
        var x = (a * 0x9E3779B97F4A7C15) ^ (b * 0xC2B2AE3D27D4EB4F) ^ (c * 0x165667B19E3779F9);
        x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9;
        return x ^ (x >> 32);
    }
}
