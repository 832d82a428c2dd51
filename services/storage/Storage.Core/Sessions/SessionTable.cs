using System.Buffers.Binary;
using Storage.Contracts;
using Storage.Core.Tree;

namespace Storage.Core.Sessions;

/// <summary>
/// All sessions (I8), least recently used first. A session goes when it was idle for <see cref="IdleNanos"/> by the clock that the commands
/// carry and for <see cref="IdleCommands"/>, or when there are too many. Single owner.
/// </summary>
/// <remarks>
/// Everything here depends on the log alone, so that all replicas remember and forget the same. Sessions are stored at
/// tree commits, together with the applied index: what is replayed after a crash meets exactly the outcomes it met the first time.
/// </remarks>
public sealed class SessionTable(ITree tree)
{
    /// <summary>Ten minutes: a gateway that retries after longer than that has lost its client long ago.</summary>
    public const long IdleNanos = 10L * 60 * 1_000_000_000;

    /// <summary>
    /// Commands that must have followed as well: one proposer's clock that jumps makes every other session look idle, and a forgotten session takes a
    /// retry for a new command. So many commands take longer than any proposer goes on retrying.
    /// </summary>
    public const ulong IdleCommands = 1_000_000;

    /// <summary>Gateways and lease managers of a cluster, many restarts of each within ten minutes included.</summary>
    public const int MaxSessions = 1_024;

    private readonly Dictionary<SessionId, LinkedListNode<Session>> _byId = [];
    private readonly LinkedList<Session> _byUse = [];
    private readonly List<Session> _dirty = [];
    private readonly List<SessionId> _removed = [];

    /// <summary>Latest time that any command carried, Unix nanoseconds.</summary>
    public long ClockUnixNanos { get; private set; }

    public int Count => _byUse.Count;

    /// <summary>The session of a command, most recently used from here on.</summary>
    public Session Use(in CommandEnvelope command, ulong index)
    {
        ClockUnixNanos = Math.Max(ClockUnixNanos, command.ProposedAtUnixNanos);
        if (!_byId.TryGetValue(command.Session, out var node))
        {
            node = new LinkedListNode<Session>(new Session(command.Session));
            _byId.Add(command.Session, node);
            _byUse.AddLast(node);
        }
        else if (_byUse.Last != node)
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
        }
        var session = node.Value;
        session.LastUsedUnixNanos = ClockUnixNanos;
        session.LastUsedIndex = index;
        if (!session.IsDirty)
        {
            session.IsDirty = true;
            _dirty.Add(session);
        }
        session.ForgetBelow(command.LowestPending);
        ExpireIdle(index);
        return session;
    }

    /// <summary>Writes what changed to the tree.</summary>
    public void Save()
    {
        Span<byte> key = stackalloc byte[8];
        foreach (var id in _removed)
        {
            BinaryPrimitives.WriteUInt64BigEndian(key, id.Value);
            tree.Delete(TableId.Sessions, key);
        }
        _removed.Clear();
        foreach (var session in _dirty)
        {
            session.IsDirty = false;
            // A session that was removed and came back has two objects here; only the one in use counts.
            if (!_byId.TryGetValue(session.Id, out var node) || node.Value != session)
                continue;
            BinaryPrimitives.WriteUInt64BigEndian(key, session.Id.Value);
            tree.Put(TableId.Sessions, key, session.Encode());
        }
        _dirty.Clear();
    }

    /// <summary>Takes over stored sessions at start, in any order.</summary>
    public void Load(IEnumerable<Session> sessions, long clockUnixNanos)
    {
        foreach (var session in sessions.OrderBy(static session => session.LastUsedIndex))
            _byId.Add(session.Id, _byUse.AddLast(session));
        ClockUnixNanos = clockUnixNanos;
    }

    private void ExpireIdle(ulong index)
    {
        while (_byUse.First is { } oldest
               && (_byUse.Count > MaxSessions || (ClockUnixNanos - oldest.Value.LastUsedUnixNanos > IdleNanos && index - oldest.Value.LastUsedIndex > IdleCommands)))
        {
            _byUse.RemoveFirst();
            _byId.Remove(oldest.Value.Id);
            _removed.Add(oldest.Value.Id);
        }
    }
}
