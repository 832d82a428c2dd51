using Consensus.Contracts;

namespace Consensus.Core.Raft;

// Followers (Raft §5.2, §5.3), learners among them.
public sealed partial class RaftNode
{
    private RaftError StepFollower(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendRequest:
                HearLeader(message.From);
                return FollowAppend(message);
            case MessageKind.Commit:
                HearLeader(message.From);
                FollowCommit(message);
                return RaftError.None;
            case MessageKind.Heartbeat:
                HearLeader(message.From);
                return FollowHeartbeat(message);
            case MessageKind.Snapshot:
                HearLeader(message.From);
                FollowSnapshot(message);
                return RaftError.None;
            case MessageKind.TimeoutNow:
                OnTimeoutNow();
                return RaftError.None;
            default:
                return StepBystander(message);
        }
    }

    /// <summary>What is answered alike by everybody who does not lead.</summary>
    private RaftError StepBystander(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.ReadAnswer:
                _readResults.Add(new ReadResult(message.Context, message.Index, message.Term, IsConfirmed: !message.Rejected));
                return RaftError.None;
            case MessageKind.ReadRequest:
                Send(new Message(MessageKind.ReadAnswer, _options.Self, message.From, Term) { Context = message.Context, Rejected = true });
                return RaftError.None;
            default:
                return RaftError.None;
        }
    }

    private RaftError FollowAppend(in Message message)
    {
        if (message.Index < _log.Commit)
        {
            AnswerAppend(message.From, _log.Commit);
            return RaftError.None;
        }
        if (!_log.Matches(message.Index, message.IndexTerm))
        {
            RefuseAppend(message);
            return RaftError.None;
        }

        var entries = message.Entries ?? [];
        var known = 0;
        while (known < entries.Length && _log.Matches(entries[known].Index, entries[known].Term) && !Has(Defects.TruncateOnEveryAppend))
            known++;
        if (known < entries.Length && entries[known].Index <= _log.Last)
        {
            // Beyond the commit index, because the request began at or after it.
            TruncateFrom(entries[known].Index);
        }
        for (; known < entries.Length; known++)
            Append(entries[known]);

        var lastNew = new LogIndex(message.Index.Value + (ulong)entries.Length);
        CommitUpTo(message.Commit < lastNew ? message.Commit : lastNew);
        AnswerAppend(message.From, lastNew);
        return RaftError.None;
    }

    private void FollowCommit(in Message message)
    {
        if (message.Index < _log.Commit)
            return;
        // An append before this was lost.
        if (!_log.Matches(message.Index, message.IndexTerm))
            RefuseAppend(message);
        else
            CommitUpTo(message.Commit < message.Index ? message.Commit : message.Index);
    }

    private RaftError FollowHeartbeat(in Message message)
    {
        // The leader sends no more than we said we had stored.
        if (message.Commit > _log.Last)
            return RaftError.ConflictsWithCommitted;
        CommitUpTo(message.Commit);
        Send(new Message(MessageKind.HeartbeatAnswer, _options.Self, message.From, Term) { Context = message.Context });
        return RaftError.None;
    }

    /// <summary>The leader's log begins after a point that this one does not reach (Raft §7, without the state).</summary>
    private void FollowSnapshot(in Message message)
    {
        if (message.Index > _log.Commit)
        {
            if (_log.Matches(message.Index, message.IndexTerm))
                CommitTo(message.Index);
            else
                ResetLog(message);
        }
        AnswerAppend(message.From, _log.Commit);
    }

    // What is thrown away conflicts with a committed entry or lies before it: nobody counts on it.
    private void ResetLog(in Message message)
    {
        Invariant.Holds(ConfigurationFormat.TryDecode(message.Data.Span, out var configuration));
        _log.ResetTo(message.Index, message.IndexTerm);
        _cutAfterSequence = _sequence;
        _configurations.ResetTo(message.Index, configuration);
        _reset = new LogReset(message.Index, message.IndexTerm, configuration);
        FollowConfigurations();
    }

    private void HearLeader(MemberId leader)
    {
        // It was given up, and an election was to begin soon.
        if (Leader == default)
            ResetElectionTimer();
        (_lost, _campaigns) = (default, 0);
        Leader = leader;
        _electionElapsedTicks = 0;
    }

    private void AnswerAppend(MemberId leader, LogIndex match) =>
        SendAfterPersist(new Message(MessageKind.AppendAnswer, _options.Self, leader, Term) { Index = match });

    private void RefuseAppend(in Message message)
    {
        var hint = _log.LastAtMost(message.Index, message.IndexTerm);
        _log.TryTermAt(hint, out var hintTerm);
        SendAfterPersist(new Message(MessageKind.AppendAnswer, _options.Self, message.From, Term)
        {
            Index = message.Index,
            Rejected = true,
            HintIndex = hint,
            HintTerm = hintTerm,
        });
    }

    private void CommitUpTo(LogIndex index)
    {
        if (index > _log.Commit)
            CommitTo(index);
    }
}
