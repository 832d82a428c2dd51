using Consensus.Contracts;
using Consensus.Core.Quorum;

namespace Consensus.Core.Raft;

// Read index (Raft thesis §6.4): one confirmation round serves every read asked for before it was sent.
public sealed partial class RaftNode
{
    private readonly record struct PendingRead(MemberId From, ulong Context, LogIndex Index, ulong Round);

    // Asked for before an entry of this term was committed: until then the commit index may be behind (Raft §8).
    private readonly List<(MemberId From, ulong Context)> _earlyReads = [];

    // In order of their rounds.
    private readonly Queue<PendingRead> _pendingReads = new();

    // The last round sent. Rounds never repeat in the life of a node, so an answer cannot be taken for another term's.
    private ulong _round;
    private bool _roundWanted;

    /// <summary>Asks for a read index; the result comes in a <see cref="Ready"/> under <paramref name="context"/>.</summary>
    public RaftError RequestRead(ulong context)
    {
        if (Role == Role.Leader)
        {
            EnqueueRead(_options.Self, context);
            return RaftError.None;
        }
        if (Leader == default)
            return RaftError.NoLeader;
        Send(new Message(MessageKind.ReadRequest, _options.Self, Leader, Term) { Context = context });
        return RaftError.None;
    }

    private void EnqueueRead(MemberId from, ulong context)
    {
        if (!IsReadable && !Has(Defects.ReadBeforeOwnTermCommit))
        {
            _earlyReads.Add((from, context));
            return;
        }
        if (_quorum.IsSatisfiedBy(SelfBit) || Has(Defects.StaleReadIndex))
        {
            AnswerRead(from, context, _log.Commit);
            return;
        }
        _pendingReads.Enqueue(new PendingRead(from, context, _log.Commit, _round + 1));
        _roundWanted = true;
    }

    private void ReleaseEarlyReads()
    {
        if (_earlyReads.Count == 0)
            return;
        var reads = _earlyReads.ToArray();
        _earlyReads.Clear();
        foreach (var (from, context) in reads)
            EnqueueRead(from, context);
    }

    private void SendConfirmationRound()
    {
        // While a round is under way, what is asked for waits for its end, and is served by the next: one round at a time, whoever asks. A round that is lost is
        // repeated by the next heartbeat.
        if (!_roundWanted || (_pendingReads.TryPeek(out var oldest) && oldest.Round <= _round))
            return;
        _roundWanted = false;
        _round++;
        if (_self is not null)
            _self.AnsweredRound = _round;
        BroadcastHeartbeat();
    }

    private void ConfirmReads()
    {
        if (_pendingReads.Count == 0)
            return;
        Span<ulong> answered = stackalloc ulong[JointQuorum.MaxPeers];
        for (var i = 0; i < _peers.Length; i++)
            answered[i] = _peers[i].AnsweredRound;
        var confirmed = _quorum.Reached(answered);
        while (_pendingReads.TryPeek(out var read) && read.Round <= confirmed)
        {
            _pendingReads.Dequeue();
            AnswerRead(read.From, read.Context, read.Index);
        }
    }

    private void AnswerRead(MemberId to, ulong context, LogIndex index)
    {
        if (to == _options.Self)
            _readResults.Add(new ReadResult(context, index, Term, IsConfirmed: true));
        else
            Send(new Message(MessageKind.ReadAnswer, _options.Self, to, Term) { Context = context, Index = index });
    }

    private void RejectReads()
    {
        foreach (var (from, context) in _earlyReads)
            RejectRead(from, context);
        foreach (var read in _pendingReads)
            RejectRead(read.From, read.Context);
        _earlyReads.Clear();
        _pendingReads.Clear();
        _roundWanted = false;
    }

    private void RejectRead(MemberId from, ulong context)
    {
        if (from == _options.Self)
            _readResults.Add(new ReadResult(context, default, Term, IsConfirmed: false));
        else
            Send(new Message(MessageKind.ReadAnswer, _options.Self, from, Term) { Context = context, Rejected = true });
    }
}
