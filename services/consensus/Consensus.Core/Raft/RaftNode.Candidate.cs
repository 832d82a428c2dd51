using Consensus.Core.Progress;
using Consensus.Core.Quorum;

namespace Consensus.Core.Raft;

// Elections: pre-vote (Raft thesis §9.6), vote (Raft §5.2, §5.4.1).
public sealed partial class RaftNode
{
    // Who answered the running election, one bit per position in _voters.
    private int _granted;
    private int _refused;

    private void StartElection()
    {
        Role = Role.PreCandidate;
        Leader = default;
        ResetElectionTimer();
        _granted = BitOf(_self);
        _refused = 0;
        if (Majority.Tally(_voters.Length, 1, 0) == VoteOutcome.Won)
        {
            Campaign();
            return;
        }
        foreach (var voter in _voters)
        {
            // Nothing is promised by asking, so nothing has to be stored first.
            if (voter != _self)
                Send(VoteRequest(MessageKind.PreVoteRequest, voter, new(Term.Value + 1)));
        }
    }

    private void Campaign()
    {
        Role = Role.Candidate;
        Leader = default;
        Term = new(Term.Value + 1);
        _vote = _options.Self;
        ResetElectionTimer();
        _granted = BitOf(_self);
        _refused = 0;
        if (Majority.Tally(_voters.Length, 1, 0) == VoteOutcome.Won)
        {
            BecomeLeader();
            return;
        }
        foreach (var voter in _voters)
        {
            if (voter != _self)
                SendAfterPersist(VoteRequest(MessageKind.VoteRequest, voter, Term));
        }
    }

    private Message VoteRequest(MessageKind kind, VoterProgress to, Contracts.Term term) =>
        new(kind, _options.Self, to.Id, term) { Index = _log.Last, IndexTerm = _log.LastTerm };

    private RaftError StepCandidate(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendRequest or MessageKind.Heartbeat:
                BecomeFollower(message.Term, message.From);
                return StepFollower(message);
            case MessageKind.PreVoteAnswer when Role == Role.PreCandidate && (message.Rejected || message.Term.Value == Term.Value + 1):
            case MessageKind.VoteAnswer when Role == Role.Candidate:
                CountVote(message);
                return RaftError.None;
            default:
                return RaftError.None;
        }
    }

    private void CountVote(in Message message)
    {
        var bit = BitOf(VoterOf(message.From)!);
        if (((_granted | _refused) & bit) != 0)
            return;
        if (message.Rejected)
            _refused |= bit;
        else
            _granted |= bit;

        switch (Majority.Tally(_voters.Length, int.PopCount(_granted), int.PopCount(_refused)))
        {
            case VoteOutcome.Won when Role == Role.PreCandidate:
                Campaign();
                break;
            case VoteOutcome.Won:
                BecomeLeader();
                break;
            case VoteOutcome.Lost:
                BecomeFollower(Term, leader: default);
                break;
            default:
                break;
        }
    }

    private void AnswerVoteRequest(in Message message)
    {
        var isPreVote = message.Kind == MessageKind.PreVoteRequest;
        var answer = isPreVote ? MessageKind.PreVoteAnswer : MessageKind.VoteAnswer;
        var mayVote = isPreVote
            ? message.Term > Term
            : _vote == message.From || (_vote == default && Leader == default);

        if (!mayVote || !_log.IsUpToDate(message.Index, message.IndexTerm))
        {
            SendAfterPersist(new Message(answer, _options.Self, message.From, Term) { Rejected = true });
            return;
        }
        SendAfterPersist(new Message(answer, _options.Self, message.From, message.Term));
        if (isPreVote)
            return;
        _vote = message.From;
        _electionElapsedTicks = 0;
    }

    private int BitOf(VoterProgress voter) => 1 << Array.IndexOf(_voters, voter);
}
