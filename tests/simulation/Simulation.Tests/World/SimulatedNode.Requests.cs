using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Simulation.World;

// What clients ask of the process: any member takes writes and reads.
internal sealed partial class SimulatedNode
{
    // As in the shell: proposals wait, bounded, while no leader is known; one too many is the oldest one's end, and its client tries again.
    private const int MaxForwarded = 16;

    private readonly record struct WaitingRead(LogIndex Index, int Key, Action<ulong, ulong> Answer);

    private readonly Queue<byte[]> _forwarded = new();
    private readonly Dictionary<ulong, (int Key, Action<ulong, ulong> Answer)> _reads = [];
    private readonly List<WaitingRead> _confirmed = [];

    /// <summary>A proposal of a client or of another member: to the log when this one leads, else to the leader.</summary>
    /// <param name="command">Encoded.</param>
    /// <param name="isForwarded">It came from a member: the leader it took this one for.</param>
    public void Propose(byte[] command, bool isForwarded) => Post(raft =>
    {
        if (raft.Role == Role.Leader)
        {
            raft.Propose([command], out _);
            return;
        }
        if (isForwarded)
            return;
        if (_forwarded.Count == MaxForwarded)
            _forwarded.Dequeue();
        _forwarded.Enqueue(command);
        Forward();
    });

    /// <summary>A linearizable read; never answered when leadership is lost meanwhile.</summary>
    public void Read(int key, Action<ulong, ulong> answer) => Post(raft =>
    {
        var context = _world.NextReadContext();
        if (raft.RequestRead(context) == RaftError.None)
            _reads[context] = (key, answer);
    });

    private void Forward()
    {
        if (_raft is not { } raft || raft.Leader == default)
            return;
        while (_forwarded.TryDequeue(out var command))
        {
            if (raft.Role == Role.Leader)
                raft.Propose([command], out _);
            else
                _world.Forward(Id, raft.Leader, command);
        }
    }

    private void OnReadIndex(in ReadResult result)
    {
        if (!_reads.Remove(result.Context, out var read) || !result.IsConfirmed)
            return;
        _confirmed.Add(new WaitingRead(result.Index, read.Key, read.Answer));
        AnswerReads();
    }

    private void AnswerReads()
    {
        for (var i = _confirmed.Count - 1; i >= 0; i--)
        {
            var read = _confirmed[i];
            if (read.Index > _machine.Applied)
                continue;
            _confirmed.RemoveAt(i);
            var (value, version) = _machine.Get(read.Key);
            _storage?.CheckKey(read.Key, (value, version));
            read.Answer(value, version);
        }
    }
}
