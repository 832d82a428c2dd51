using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Progress;
using Consensus.Core.Quorum;

namespace Consensus.Core.Raft;

/// <summary>
/// One Raft peer as a state machine: ticks, messages and proposals go in, <see cref="Ready"/> values come out.
/// Same state and same input give the same output.
/// </summary>
/// <remarks>
/// Not thread-safe: exactly one loop owns it. Several <see cref="Ready"/> values may be taken before the first is
/// advanced, so that a host can store in parallel with the next inputs; they are advanced in order.
/// A candidate's own vote counts at once, because its requests wait for the vote to be stored; a leader's own entries count
/// once they are stored.
/// </remarks>
public sealed partial class RaftNode
{
    private readonly RaftOptions _options;
    private readonly RaftLog _log;
    private readonly VoterProgress[] _voters;
    private readonly VoterProgress _self;
    private Jitter _jitter;

    private MemberId _vote;
    private int _electionElapsedTicks;
    private int _electionTimeoutTicks;
    private int _heartbeatElapsedTicks;

    private List<Message> _messages = [];
    private List<Message> _messagesAfterPersist = [];
    private List<ReadResult> _readResults = [];

    // What the host was last told; a Ready exists when something differs.
    private HardState _handedHardState;
    private LogIndex _handedCommit;
    private ulong _sequence;

    // A suffix was cut after the Ready of this number was taken: what it stored says nothing about today's log.
    private ulong _cutAfterSequence;

    /// <param name="options">Who this is and how it behaves.</param>
    /// <param name="hardState">As recovered; default for a new member.</param>
    /// <param name="terms">Terms of the recovered log; it is changed from here on.</param>
    /// <param name="stored">Reads what was stored.</param>
    public RaftNode(RaftOptions options, HardState hardState, TermRuns terms, IStoredLog stored)
    {
        Invariant.Holds(options.Voters.Count is > 0 and <= Majority.MaxVoters);
        Invariant.Holds(options.ElectionTimeoutTicks > options.HeartbeatTicks && options.HeartbeatTicks > 0);
        _options = options;
        _log = new RaftLog(terms, stored, hardState.Commit < terms.Last ? hardState.Commit : terms.Last);
        _voters = [.. options.Voters.OrderBy(id => id.Value).Select(id => new VoterProgress(id, options.MaxInflightAppends))];
        _self = Array.Find(_voters, voter => voter.Id == options.Self)
            ?? throw new ArgumentException("a member must be one of its voters", nameof(options));
        _jitter = new Jitter(options.Seed);
        Term = hardState.Term < terms.LastTerm ? terms.LastTerm : hardState.Term;
        _vote = Term == hardState.Term ? hardState.Vote : default;
        _handedHardState = hardState with { Commit = _log.Commit };
        ResetElectionTimer();

        // Nobody else can be leader, so there is nothing to wait for.
        if (_voters.Length == 1)
            Campaign();
    }

    public Role Role { get; private set; }
    public Term Term { get; private set; }

    /// <summary>The leader of <see cref="Term"/> as far as known; default is unknown.</summary>
    public MemberId Leader { get; private set; }

    public LogIndex CommitIndex => _log.Commit;
    public LogIndex LastIndex => _log.Last;
    public LogIndex FirstIndex => _log.First;

    /// <summary>True once an entry of a leader's own term is committed: from then on its commit index is up to date (Raft §8).</summary>
    public bool IsReadable => Role == Role.Leader && _log.TryTermAt(_log.Commit, out var term) && term == Term;

    /// <summary>One unit of logical time.</summary>
    public void Tick()
    {
        _electionElapsedTicks++;
        if (Role == Role.Leader)
            TickLeader();
        else if (_electionElapsedTicks >= _electionTimeoutTicks)
            StartElection();
    }

    /// <summary>Takes a message from a peer. Anything but <see cref="RaftError.None"/> changed nothing.</summary>
    public RaftError Step(in Message message)
    {
        var error = Check(message);
        if (error != RaftError.None)
            return error;

        if (message.Term < Term)
        {
            AnswerStale(message);
            return RaftError.None;
        }
        if (message.Term > Term && !MeetNewerTerm(message))
            return RaftError.None;

        if (message.Kind is MessageKind.PreVoteRequest or MessageKind.VoteRequest)
        {
            AnswerVoteRequest(message);
            return RaftError.None;
        }
        return Role switch
        {
            Role.Leader => StepLeader(message),
            Role.Candidate or Role.PreCandidate => StepCandidate(message),
            _ => StepFollower(message),
        };
    }

    /// <summary>Takes the work there is. The host stores it, sends it, then calls <see cref="Advance"/>.</summary>
    public bool TryTakeReady(out Ready ready)
    {
        SendConfirmationRound();

        var hardState = new HardState(Term, _vote, _log.Commit);
        var hardStateChanged = hardState != _handedHardState;
        if (!hardStateChanged && _log.HandedOut == _log.Last && _messages.Count == 0 && _messagesAfterPersist.Count == 0
            && _readResults.Count == 0 && _handedCommit == _log.Commit)
        {
            ready = default;
            return false;
        }

        var entries = _log.HandOut();
        var mustSync = entries.Length > 0 || hardState.Term != _handedHardState.Term || hardState.Vote != _handedHardState.Vote;
        ready = new Ready(
            ++_sequence, hardState, hardStateChanged, entries, mustSync,
            Take(ref _messages), Take(ref _messagesAfterPersist), _log.Commit, Take(ref _readResults));
        _handedHardState = hardState;
        _handedCommit = _log.Commit;
        return true;
    }

    /// <summary>What <paramref name="done"/> asked to store is stored.</summary>
    public void Advance(in Ready done)
    {
        if (done.Entries.Length == 0 || done.Sequence <= _cutAfterSequence)
            return;
        _log.Persisted(done.Entries[^1].Index);
        if (Role == Role.Leader && _self.Accepted(_log.Stable) && MaybeCommit())
            BroadcastAppend();
    }

    /// <summary>The host dropped all entries before <paramref name="first"/> from its storage.</summary>
    public void LogDropped(LogIndex first) => _log.Dropped(first);

    private static List<T> Take<T>(ref List<T> list)
    {
        if (list.Count == 0)
            return EmptyList<T>.Value;
        var taken = list;
        list = [];
        return taken;
    }

    private RaftError Check(in Message message)
    {
        if (message.To != _options.Self || message.From == _options.Self || VoterOf(message.From) is null)
            return RaftError.UnknownPeer;
        if (message.Term.Value == 0 || !Enum.IsDefined(message.Kind))
            return RaftError.MalformedMessage;
        if (message.Kind != MessageKind.AppendRequest || message.Entries is null)
            return RaftError.None;

        var index = message.Index;
        var term = message.IndexTerm;
        foreach (ref readonly var entry in message.Entries.AsSpan())
        {
            if (entry.Index != index.Next || entry.Term < term || entry.Term > message.Term)
                return RaftError.MalformedMessage;
            index = entry.Index;
            term = entry.Term;
        }
        return RaftError.None;
    }

    /// <summary>A message of an older term. Its sender must learn of ours, or a leader that was cut off never steps down.</summary>
    private void AnswerStale(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendRequest or MessageKind.Heartbeat:
                SendAfterPersist(new Message(MessageKind.AppendAnswer, _options.Self, message.From, Term)
                {
                    Index = message.Index,
                    Rejected = true,
                });
                break;
            case MessageKind.PreVoteRequest:
                SendAfterPersist(new Message(MessageKind.PreVoteAnswer, _options.Self, message.From, Term) { Rejected = true });
                break;
            default:
                break;
        }
    }

    /// <summary>A message of a newer term (Raft §5.1). False when it is to be ignored.</summary>
    private bool MeetNewerTerm(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.PreVoteRequest or MessageKind.VoteRequest:
                // A leader that is heard from is not deposed by a member that merely cannot hear it (Raft thesis §4.2.3).
                if (Leader != default && _electionElapsedTicks < _options.ElectionTimeoutTicks)
                    return false;
                if (message.Kind == MessageKind.VoteRequest)
                    BecomeFollower(message.Term, leader: default);
                return true;
            case MessageKind.PreVoteAnswer when !message.Rejected:
                // Carries the term that would be tried, which nobody has entered.
                return true;
            case MessageKind.AppendRequest or MessageKind.Heartbeat:
                BecomeFollower(message.Term, message.From);
                return true;
            default:
                BecomeFollower(message.Term, leader: default);
                return true;
        }
    }

    private void BecomeFollower(Term term, MemberId leader)
    {
        if (Role == Role.Leader)
            AbandonLeadership();
        Role = Role.Follower;
        Leader = leader;
        if (term != Term)
        {
            Term = term;
            _vote = default;
        }
        ResetElectionTimer();
    }

    private void ResetElectionTimer()
    {
        _electionElapsedTicks = 0;
        _electionTimeoutTicks = _options.ElectionTimeoutTicks + _jitter.Below(_options.ElectionTimeoutTicks);
    }

    private VoterProgress? VoterOf(MemberId id)
    {
        foreach (var voter in _voters)
        {
            if (voter.Id == id)
                return voter;
        }
        return null;
    }

    private void Send(in Message message) => _messages.Add(message);

    private void SendAfterPersist(in Message message) => _messagesAfterPersist.Add(message);

    private static class EmptyList<T>
    {
        // Never added to: Take hands it out only in place of an empty list.
        public static readonly List<T> Value = new(0);
    }
}
