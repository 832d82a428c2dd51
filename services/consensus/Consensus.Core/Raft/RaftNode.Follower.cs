using Consensus.Contracts;

namespace Consensus.Core.Raft;

// Followers (Raft §5.2, §5.3).
public sealed partial class RaftNode
{
    private RaftError StepFollower(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendRequest:
                return FollowAppend(message);
            case MessageKind.Heartbeat:
                return FollowHeartbeat(message);
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
        HearLeader(message.From);
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
        while (known < entries.Length && _log.Matches(entries[known].Index, entries[known].Term))
            known++;
        if (known < entries.Length && entries[known].Index <= _log.Last)
        {
            // Beyond the commit index, because the request began at or after it.
            _log.TruncateFrom(entries[known].Index);
            _cutAfterSequence = _sequence;
        }
        for (; known < entries.Length; known++)
            _log.Append(entries[known]);

        var lastNew = new LogIndex(message.Index.Value + (ulong)entries.Length);
        CommitUpTo(message.Commit < lastNew ? message.Commit : lastNew);
        AnswerAppend(message.From, lastNew);
        return RaftError.None;
    }

    private RaftError FollowHeartbeat(in Message message)
    {
        HearLeader(message.From);
        // The leader sends no more than we said we had stored.
        if (message.Commit > _log.Last)
            return RaftError.ConflictsWithCommitted;
        CommitUpTo(message.Commit);
        Send(new Message(MessageKind.HeartbeatAnswer, _options.Self, message.From, Term) { Context = message.Context });
        return RaftError.None;
    }

    private void HearLeader(MemberId leader)
    {
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
            _log.CommitTo(index);
    }
}
