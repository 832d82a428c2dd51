using Consensus.Contracts;
using Consensus.Core.Progress;
using Consensus.Core.Quorum;

namespace Consensus.Core.Raft;

// Leaders (Raft §5.3, §5.4.2, §8; Raft thesis §6.2, §10.2.1).
public sealed partial class RaftNode
{
    // Proposed batches beyond the commit index: last index and bytes of each.
    private readonly Queue<(LogIndex Last, long Bytes)> _uncommitted = new();
    private long _uncommittedBytes;

    /// <summary>Appends a batch of commands, all or none. The host keeps the bytes unchanged from here on.</summary>
    /// <param name="commands">Commands in order.</param>
    /// <param name="first">Index of the first of them.</param>
    public RaftError Propose(ReadOnlySpan<ReadOnlyMemory<byte>> commands, out LogIndex first)
    {
        first = default;
        if (Role != Role.Leader)
            return RaftError.NotLeader;
        if (commands.IsEmpty)
            return RaftError.None;

        long bytes = 0;
        foreach (var command in commands)
            bytes += command.Length;
        if (_uncommittedBytes > 0 && _uncommittedBytes + bytes > _options.MaxUncommittedBytes)
            return RaftError.TooManyUncommitted;

        first = _log.Last.Next;
        foreach (var command in commands)
            _log.Append(new Entry(_log.Last.Next, Term, EntryKind.Command, command));
        _uncommittedBytes += bytes;
        _uncommitted.Enqueue((_log.Last, bytes));
        BroadcastAppend();
        return RaftError.None;
    }

    private void BecomeLeader()
    {
        Role = Role.Leader;
        Leader = _options.Self;
        _electionElapsedTicks = 0;
        _heartbeatElapsedTicks = 0;
        foreach (var voter in _voters)
            voter.Reset(_log.Last.Next);
        _self.Accepted(_log.Stable);
        // Entries of earlier terms commit only together with one of this term (Raft §5.4.2, §8).
        _log.Append(new Entry(_log.Last.Next, Term, EntryKind.Empty, default));
        BroadcastAppend();
    }

    private void AbandonLeadership()
    {
        _uncommitted.Clear();
        _uncommittedBytes = 0;
        RejectReads();
    }

    private void TickLeader()
    {
        if (_electionElapsedTicks >= _options.ElectionTimeoutTicks)
        {
            _electionElapsedTicks = 0;
            if (!HeardFromQuorum())
            {
                BecomeFollower(Term, leader: default);
                return;
            }
        }
        if (++_heartbeatElapsedTicks < _options.HeartbeatTicks)
            return;
        _heartbeatElapsedTicks = 0;
        BroadcastHeartbeat();
    }

    /// <summary>A leader that a majority cannot hear must not go on as if it led (Raft thesis §6.2).</summary>
    private bool HeardFromQuorum()
    {
        var active = 0;
        foreach (var voter in _voters)
        {
            if (voter == _self || voter.IsRecentlyActive)
                active++;
            voter.IsRecentlyActive = false;
        }
        return active >= Majority.Of(_voters.Length);
    }

    private RaftError StepLeader(in Message message)
    {
        var voter = VoterOf(message.From)!;
        switch (message.Kind)
        {
            case MessageKind.AppendAnswer when message.Rejected:
                OnAppendRefused(voter, message);
                return RaftError.None;
            case MessageKind.AppendAnswer:
                // A voter cannot store what we do not have.
                if (message.Index > _log.Last)
                    return RaftError.MalformedMessage;
                OnAppendAccepted(voter, message.Index);
                return RaftError.None;
            case MessageKind.HeartbeatAnswer:
                OnHeartbeatAnswer(voter, message.Context);
                return RaftError.None;
            case MessageKind.ReadRequest:
                EnqueueRead(message.From, message.Context);
                return RaftError.None;
            case MessageKind.AppendRequest or MessageKind.Heartbeat:
                // Two leaders in one term: election safety is broken (Raft §5.2).
                return RaftError.ConflictsWithCommitted;
            default:
                return RaftError.None;
        }
    }

    private void OnAppendAccepted(VoterProgress voter, LogIndex match)
    {
        voter.IsRecentlyActive = true;
        var wasPaused = voter.IsPaused;
        var isNews = voter.Accepted(match);
        if (isNews && MaybeCommit())
            BroadcastAppend();
        else if (wasPaused || isNews)
            SendAppends(voter, evenEmpty: false);
    }

    private void OnAppendRefused(VoterProgress voter, in Message message)
    {
        voter.IsRecentlyActive = true;
        // Skip whole terms: nothing of ours above the hint's term can match (Raft §5.3).
        var hint = _log.LastAtMost(message.HintIndex, message.HintTerm);
        if (voter.Refused(message.Index, hint))
            SendAppends(voter, evenEmpty: true);
    }

    private void OnHeartbeatAnswer(VoterProgress voter, ulong round)
    {
        voter.Alive();
        if (voter.Match < _log.Last)
            SendAppends(voter, evenEmpty: true);
        if (round > voter.AnsweredRound && round <= _round)
        {
            voter.AnsweredRound = round;
            ConfirmReads();
        }
    }

    private bool MaybeCommit()
    {
        Span<ulong> matches = stackalloc ulong[Majority.MaxVoters];
        for (var i = 0; i < _voters.Length; i++)
            matches[i] = _voters[i].Match.Value;
        var reached = new LogIndex(Majority.Reached(matches[.._voters.Length]));
        // Only an entry of the current term is committed by counting (Raft §5.4.2).
        if (reached <= _log.Commit || !_log.Matches(reached, Term))
            return false;
        _log.CommitTo(reached);
        while (_uncommitted.TryPeek(out var batch) && batch.Last <= reached)
            _uncommittedBytes -= _uncommitted.Dequeue().Bytes;
        ReleaseEarlyReads();
        return true;
    }

    private void BroadcastAppend()
    {
        foreach (var voter in _voters)
        {
            if (voter != _self)
                SendAppends(voter, evenEmpty: true);
        }
    }

    private void SendAppends(VoterProgress voter, bool evenEmpty)
    {
        while (!voter.IsPaused)
        {
            var previous = new LogIndex(voter.Next.Value - 1);
            // Below our log: appends cannot reach it any more. Heartbeats go on, so it stays a quiet follower.
            if (!_log.TryTermAt(previous, out var previousTerm))
                return;
            var entries = _log.Read(voter.Next, _options.MaxAppendBytes);
            if (entries.Length == 0 && !evenEmpty)
                return;
            evenEmpty = false;
            Send(new Message(MessageKind.AppendRequest, _options.Self, voter.Id, Term)
            {
                Index = previous,
                IndexTerm = previousTerm,
                Entries = entries,
                Commit = _log.Commit,
            });
            voter.Sent(entries.Length == 0 ? previous : entries[^1].Index, entries.Length == 0);
        }
    }

    private void BroadcastHeartbeat()
    {
        foreach (var voter in _voters)
        {
            if (voter == _self)
                continue;
            Send(new Message(MessageKind.Heartbeat, _options.Self, voter.Id, Term)
            {
                Commit = voter.Match < _log.Commit ? voter.Match : _log.Commit,
                Context = _round,
            });
        }
    }
}
