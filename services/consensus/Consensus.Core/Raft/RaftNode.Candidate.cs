using Consensus.Contracts;
using Consensus.Core.Progress;
using Consensus.Core.Quorum;

namespace Consensus.Core.Raft;

// Elections: pre-vote (Raft thesis §9.6), vote (Raft §5.2, §5.4.1).
public sealed partial class RaftNode
{
    // Between members that lost the same leader at the same moment: enough for a question and its answer.
    private const int TicksPerRank = 3;

    private const int MaxHurriedCampaigns = 3;

    // Who answered the running election, one bit per position in _peers.
    private ulong _granted;
    private ulong _refused;

    // The leader, or the candidate voted for, whose process seems to have ended; default once it is heard again, or somebody else leads. While it is known, nothing is
    // gained by waiting long: everybody else will have noticed too.
    private MemberId _lost;

    // Of the running campaign.
    private int _ticksUntilRepeat;
    private bool _isTransfer;

    // Since a leader was heard: after some, the next ones wait for their time.
    private int _campaigns;

    /// <summary>
    /// The host lost its connection to the process of a peer. A follower of it takes that for the end of its leader and campaigns soon, in an order that every follower
    /// knows; if the leader lives, its next message stops that. A leader finds out anew what the peer has.
    /// </summary>
    public void PeerUnreachable(MemberId id)
    {
        if (Role == Role.Leader)
        {
            PeerOf(id)?.Unreachable();
            return;
        }
        // The one voted for may be about to lead.
        var isAwaited = Leader == id || (Leader == default && _vote == id);
        if (Role != Role.Follower || !isAwaited || id == default || id == _lost)
            return;
        Leader = default;
        _lost = id;
        if (IsPromotable)
            StartElectionTimer(1 + RankWithout(id) * TicksPerRank);
    }

    private int RankWithout(MemberId lost)
    {
        var rank = 0;
        for (var i = 0; i < _peers.Length && _peers[i] != _self; i++)
        {
            if ((_counted & (1UL << i)) != 0 && _peers[i].Id != lost)
                rank++;
        }
        return rank;
    }

    private void OnElectionTimeout()
    {
        if (!IsPromotable)
        {
            Leader = default;
            return;
        }
        if (_options.PreVote)
            StartElection();
        else
            Campaign(isTransfer: false);
    }

    private void StartElection()
    {
        Role = Role.PreCandidate;
        Leader = default;
        AskAgainSoon();
        _granted = SelfBit;
        _refused = 0;
        if (_quorum.IsSatisfiedBy(_granted))
        {
            Campaign(isTransfer: false);
            return;
        }
        foreach (var voter in _peers)
        {
            // Nothing is promised by asking, so nothing has to be stored first.
            if (MustAsk(voter))
                Send(VoteRequest(MessageKind.PreVoteRequest, voter, new(Term.Value + 1), isTransfer: false));
        }
    }

    private void Campaign(bool isTransfer)
    {
        Role = Role.Candidate;
        Leader = default;
        Term = new(Term.Value + 1);
        _vote = _options.Self;
        ResetElectionTimer();
        _granted = SelfBit;
        _refused = 0;
        _isTransfer = isTransfer;
        _campaigns++;
        if (_quorum.IsSatisfiedBy(_granted))
            BecomeLeader();
        else
            AskForVotes();
    }

    /// <summary>Asks those who have not answered yet. Asking twice is harmless: a vote is given to the same candidate again (Raft §5.1).</summary>
    private void AskForVotes()
    {
        _ticksUntilRepeat = _options.HeartbeatTicks;
        foreach (var voter in _peers)
        {
            if (MustAsk(voter) && ((_granted | _refused) & BitOf(voter)) == 0)
                SendAfterPersist(VoteRequest(MessageKind.VoteRequest, voter, Term, _isTransfer));
        }
    }

    /// <summary>A request is lost, or was not listened to by a voter that still heard the old leader.</summary>
    private void TickCandidate()
    {
        if (--_ticksUntilRepeat <= 0)
            AskForVotes();
    }

    private bool MustAsk(PeerProgress peer) => peer != _self && (BitOf(peer) & _counted) != 0;

    private Message VoteRequest(MessageKind kind, PeerProgress to, Term term, bool isTransfer)
    {
        // Only what a crash cannot undo: those whom a configuration removes may go for good when they hear of it.
        _log.TryTermAt(_storedCommit, out var commitTerm);
        return new(kind, _options.Self, to.Id, term)
        {
            Index = _log.Last,
            IndexTerm = _log.LastTerm,
            HintIndex = _storedCommit,
            HintTerm = commitTerm,
            IsTransfer = isTransfer,
        };
    }

    // A question costs nobody anything: others may merely not have noticed yet that the leader is gone.
    private void AskAgainSoon() => StartElectionTimer(_lost == default
        ? _options.HeartbeatTicks + _jitter.Below(_options.HeartbeatTicks + 1)
        : (RankWithout(_lost) + 1) * TicksPerRank + _jitter.Below(TicksPerRank));

    private RaftError StepCandidate(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendRequest or MessageKind.Commit or MessageKind.Heartbeat or MessageKind.Snapshot:
                BecomeFollower(message.Term, message.From);
                return StepFollower(message);
            case MessageKind.PreVoteAnswer when Role == Role.PreCandidate && (message.Rejected || message.Term.Value == Term.Value + 1):
            case MessageKind.VoteAnswer when Role == Role.Candidate:
                CountVote(message);
                return RaftError.None;
            case MessageKind.TimeoutNow when Role == Role.PreCandidate:
                OnTimeoutNow();
                return RaftError.None;
            default:
                // Whatever else was meant for another role of this member.
                return StepBystander(message);
        }
    }

    private void CountVote(in Message message)
    {
        var bit = BitOf(PeerOf(message.From)!);
        if (((_granted | _refused) & bit) != 0)
            return;
        if (message.Rejected)
            _refused |= bit;
        else
            _granted |= bit;

        switch (_quorum.Tally(_granted, _refused | LostBit))
        {
            case VoteOutcome.Won when Role == Role.PreCandidate:
                Campaign(isTransfer: false);
                break;
            case VoteOutcome.Won:
                BecomeLeader();
                break;
            case VoteOutcome.Lost:
                LoseElection();
                break;
            case VoteOutcome.Pending when message.Rejected && Role == Role.Candidate && MayHurry:
                // Others ask for themselves, and who is silent may be gone. What is left of the timeout is not waited for.
                if (_electionTimeoutTicks - _electionElapsedTicks > 4 * _options.HeartbeatTicks)
                    LoseElectionSoon();
                break;
            default:
                break;
        }
    }

    // Who is gone grants nothing.
    private ulong LostBit => _lost != default && PeerOf(_lost) is { } lost ? BitOf(lost) & ~_granted : 0;

    /// <summary>
    /// An answer tells what is committed, as the question does. The one who asks may hold just that, without knowing it to be committed, and with it the removal of members whose
    /// votes it would wait for: of the very one that refuses, whose log is longer and who will never campaign again, or of some that have gone for good. And the one who is asked may refuse for
    /// its longer log, and take itself for a learner, who does not campaign.
    /// </summary>
    private void AnswerVote(MessageKind answer, MemberId candidate, Term term, bool rejected)
    {
        _log.TryTermAt(_log.Commit, out var commitTerm);
        var message = new Message(answer, _options.Self, candidate, term) { Rejected = rejected, Index = _log.Commit, IndexTerm = commitTerm };
        if (Has(Defects.VoteBeforePersist))
            Send(message);
        else
            SendAfterPersist(message);
    }

    private void LearnCommit(LogIndex index, Term term)
    {
        // The same entry, so the same log up to there (Raft Fig. 3, log matching).
        if (Role != Role.Leader && index > _log.Commit && _log.Matches(index, term))
            CommitTo(index);
    }

    private void LoseElection()
    {
        var wasAsking = Role == Role.PreCandidate;
        BecomeFollower(Term, leader: default);
        if (wasAsking || (_lost != default && MayHurry))
            AskAgainSoon();
        else if (MayHurry)
            LoseElectionSoon();
    }

    // Two that split the votes part quickly. Whoever lost again and again cannot win, by its log or its configuration, and the terms that it uses up, which nothing but pre-vote would save, keep those from
    // winning who could, and may need this very member's vote.
    private bool MayHurry => _campaigns <= MaxHurriedCampaigns;

    private void LoseElectionSoon() => StartElectionTimer(_options.HeartbeatTicks + _jitter.Below(3 * _options.HeartbeatTicks));

    private void AnswerVoteRequest(in Message message)
    {
        var isPreVote = message.Kind == MessageKind.PreVoteRequest;
        var answer = isPreVote ? MessageKind.PreVoteAnswer : MessageKind.VoteAnswer;
        var mayVote = isPreVote
            ? message.Term > Term
            : _vote == message.From || (_vote == default && Leader == default) || Has(Defects.GrantTwoVotesPerTerm);

        if (!mayVote || !(_log.IsUpToDate(message.Index, message.IndexTerm) || Has(Defects.SkipLogComparison)))
        {
            AnswerVote(answer, message.From, Term, rejected: true);
            return;
        }
        AnswerVote(answer, message.From, message.Term, rejected: false);
        if (isPreVote)
            YieldTo(message);
        else
            VoteFor(message.From);
    }

    /// <summary>
    /// Two that ask at the same moment grant each other the question, campaign in the same term, and neither wins: of equals the first by rank goes on, the
    /// other one waits for it.
    /// </summary>
    private void YieldTo(in Message request)
    {
        var isEqual = request.IndexTerm == _log.LastTerm && request.Index == _log.Last;
        if (Role != Role.PreCandidate || (isEqual && request.From.Value > _options.Self.Value))
            return;
        BecomeFollower(Term, leader: default);
        AskAgainSoon();
    }

    private void VoteFor(MemberId candidate)
    {
        // The same one asks again: its time runs already.
        if (_vote == candidate)
            return;
        _vote = candidate;
        // It is given the time to win.
        ResetElectionTimer();
    }
}
