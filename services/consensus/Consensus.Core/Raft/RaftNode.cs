using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Core.Membership;
using Consensus.Core.Progress;

namespace Consensus.Core.Raft;

/// <summary>
/// One Raft peer as a state machine: ticks, messages and proposals go in, <see cref="Ready"/> values come out.
/// Same state and same input give the same output.
/// </summary>
/// <remarks>
/// Not thread-safe: exactly one loop owns it. Several <see cref="Ready"/> values may be taken before the first is
/// advanced, so that a host can store in parallel with the next inputs; every one is advanced, in order.
/// A candidate's own vote counts at once, because its requests wait for the vote to be stored; a leader's own entries count
/// once they are stored.
/// </remarks>
public sealed partial class RaftNode
{
    private readonly RaftOptions _options;
    private readonly RaftLog _log;
    private Jitter _jitter;

    private MemberId _vote;
    private int _electionElapsedTicks;
    private int _electionTimeoutTicks;
    private int _heartbeatElapsedTicks;

    private List<Message> _messages = [];
    private List<Message> _messagesAfterPersist = [];
    private List<ReadResult> _readResults = [];
    private LogReset? _reset;

    // What the host was last told; a Ready exists when something differs.
    private HardState _handedHardState;
    private LogIndex _handedCommit;
    private LogIndex _handedConfiguration;
    private ulong _sequence;

    // A suffix was cut after the Ready of this number was taken: what it stored says nothing about today's log.
    private ulong _cutAfterSequence;

    // The newest term and commit index that are known to be stored: see SendAsLeader.
    private Term _storedTerm;
    private LogIndex _storedCommit;

    /// <param name="options">Who this is and how it behaves.</param>
    /// <param name="hardState">As recovered; default for a new member.</param>
    /// <param name="terms">Terms of the recovered log; it is changed from here on.</param>
    /// <param name="configurations">
    /// As recovered, ascending: the newest at or before the beginning of the log and all later ones. Empty for a member that joins. Index 0 is
    /// before the log: for a log that was begun without a configuration entry.
    /// </param>
    /// <param name="stored">Reads what was stored.</param>
    public RaftNode(
        RaftOptions options, HardState hardState, TermRuns terms,
        IReadOnlyList<(LogIndex Index, ClusterConfiguration Configuration)> configurations, IStoredLog stored)
    {
        Invariant.Holds(options.ElectionTimeoutTicks > options.HeartbeatTicks && options.HeartbeatTicks > 0);
        _options = options;
        _log = new RaftLog(terms, stored, hardState.Commit < terms.Last ? hardState.Commit : terms.Last);
        _configurations = new ConfigurationHistory(configurations);
        Invariant.Holds(_configurations.LastIndex <= _log.Last);
        _jitter = new Jitter(options.Seed);
        Term = hardState.Term < terms.LastTerm ? terms.LastTerm : hardState.Term;
        _vote = Term == hardState.Term ? hardState.Vote : default;
        _storedTerm = hardState.Term;
        _storedCommit = _log.Commit;
        _handedHardState = hardState with { Commit = _log.Commit };
        ResetElectionTimer();
        FollowConfigurations();
        _handedConfiguration = ConfigurationIndex;

        // Nobody else can be leader, so there is nothing to wait for.
        if (IsPromotable && _quorum.IsSatisfiedBy(SelfBit))
            Campaign(isTransfer: false);
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
        if (_electionElapsedTicks < int.MaxValue)
            _electionElapsedTicks++;
        if (Role == Role.Leader)
            TickLeader();
        else if (Role == Role.Candidate && _electionElapsedTicks < _electionTimeoutTicks)
            TickCandidate();
        else if (_electionElapsedTicks >= _electionTimeoutTicks)
            OnElectionTimeout();
    }

    /// <summary>
    /// So many ticks from now on only count, unless something else is done to the node between them: nothing is sent, stored or decided by them. Whoever keeps the
    /// time may let them pass and make up for them at once.
    /// </summary>
    public int IdleTicks => Math.Max(0, TicksUntilDue - 1);

    // The next tick that does something is so many ticks away.
    private int TicksUntilDue
    {
        get
        {
            var ofElection = (Role == Role.Leader ? _options.ElectionTimeoutTicks : _electionTimeoutTicks) - _electionElapsedTicks;
            return Role switch
            {
                Role.Leader => Math.Min(
                    Math.Min(ofElection, _options.HeartbeatTicks - _heartbeatElapsedTicks),
                    LeadTransferee != default ? _options.ElectionTimeoutTicks - _transferElapsedTicks : int.MaxValue),
                Role.Candidate => Math.Min(ofElection, _ticksUntilRepeat),
                _ => ofElection,
            };
        }
    }

    /// <summary>
    /// A message is on its way between this member and <paramref name="peer"/>, and a part of it has come to its receiver: both ends live, though whatever else they say waits
    /// behind it. Elections are for leaders that nothing comes from.
    /// </summary>
    public void MessageUnderWay(MemberId peer)
    {
        if (Role == Role.Leader && PeerOf(peer) is { } progress)
            progress.IsRecentlyActive = true;
        else if (Role == Role.Follower && peer == Leader)
            _electionElapsedTicks = 0;
    }

    /// <summary>Takes a message from a peer. Anything but <see cref="RaftError.None"/> changed nothing.</summary>
    public RaftError Step(in Message message)
    {
        var error = Check(message);
        if (error != RaftError.None)
            return error;

        if (message.From == _lost)
            _lost = default;
        // Whatever its term, and whether it is listened to otherwise.
        if (message.Kind is MessageKind.PreVoteRequest or MessageKind.VoteRequest)
            LearnCommit(message.HintIndex, message.HintTerm);
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
        if (message.Kind is MessageKind.PreVoteAnswer or MessageKind.VoteAnswer)
            LearnCommit(message.Index, message.IndexTerm);
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
        SendCommit();
        SendConfirmationRound();

        var hardState = new HardState(Term, _vote, _log.Commit);
        var hardStateChanged = hardState != _handedHardState;
        if (!hardStateChanged && _log.HandedOut == _log.Last && _messages.Count == 0 && _messagesAfterPersist.Count == 0
            && _readResults.Count == 0 && _handedCommit == _log.Commit && _reset is null)
        {
            ready = default;
            return false;
        }

        var entries = _log.HandOut();
        var mustSync = entries.Length > 0 || _reset is not null || ConfigurationIndex > _handedConfiguration
            || hardState.Term != _handedHardState.Term || hardState.Vote != _handedHardState.Vote;
        ready = new Ready(
            ++_sequence, hardState, hardStateChanged, entries, mustSync,
            Take(ref _messages), Take(ref _messagesAfterPersist), _log.Commit, Take(ref _readResults), _reset);
        _handedHardState = hardState;
        _handedCommit = _log.Commit;
        _handedConfiguration = ConfigurationIndex;
        _reset = null;
        return true;
    }

    /// <summary>What <paramref name="done"/> asked to store is stored.</summary>
    public void Advance(in Ready done)
    {
        _storedTerm = done.HardState.Term;
        _storedCommit = done.HardState.Commit;
        if (done.Entries.Length == 0 || done.Sequence <= _cutAfterSequence)
            return;
        _log.Persisted(done.Entries[^1].Index);
        // A leader that leaves the cluster counts no more.
        if (Role == Role.Leader && _self is not null && _self.Accepted(_log.Stable))
            MaybeCommit();
    }

    /// <summary>The host dropped all entries before <paramref name="first"/> from its storage.</summary>
    public void LogDropped(LogIndex first)
    {
        _log.Dropped(first);
        _configurations.DropBefore(_log.First);
    }

    private static List<T> Take<T>(ref List<T> list)
    {
        if (list.Count == 0)
            return EmptyList<T>.Value;
        var taken = list;
        list = [];
        return taken;
    }

    /// <summary>A message of an older term. Its sender must learn of ours, or a leader that was cut off never steps down.</summary>
    private void AnswerStale(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendRequest or MessageKind.Commit or MessageKind.Heartbeat or MessageKind.Snapshot:
                SendAfterPersist(new Message(MessageKind.AppendAnswer, _options.Self, message.From, Term)
                {
                    Index = message.Index,
                    Rejected = true,
                });
                break;
            case MessageKind.PreVoteRequest:
                SendAfterPersist(new Message(MessageKind.PreVoteAnswer, _options.Self, message.From, Term) { Rejected = true });
                break;
            case MessageKind.VoteRequest:
                // Who is not asked by us any more, since its configuration is newer, learns our term in no other way (Raft Fig. 2).
                SendAfterPersist(new Message(MessageKind.VoteAnswer, _options.Self, message.From, Term) { Rejected = true });
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
                // A leader that is heard from is not deposed by a member that merely cannot hear it, or was removed (Raft thesis §4.2.3).
                if (!message.IsTransfer && Leader != default && _electionElapsedTicks < _options.ElectionTimeoutTicks)
                    return false;
                if (message.Kind == MessageKind.VoteRequest)
                    EnterTermOfCandidate(message.Term);
                return true;
            case MessageKind.PreVoteAnswer when !message.Rejected:
                // Carries the term that would be tried, which nobody has entered.
                return true;
            case MessageKind.PreVoteAnswer:
                var asked = Role == Role.PreCandidate;
                BecomeFollower(message.Term, leader: default);
                // The question was put in the wrong term, which is no reason to wait long before it is put again.
                if (asked)
                    AskAgainSoon();
                return true;
            case MessageKind.AppendRequest or MessageKind.Commit or MessageKind.Heartbeat or MessageKind.Snapshot or MessageKind.TimeoutNow:
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
        if (leader != default)
            (_lost, _campaigns) = (default, 0);
        if (term != Term)
        {
            Term = term;
            _vote = default;
        }
        ResetElectionTimer();
    }

    /// <summary>
    /// A candidate's newer term does not put off this member's own election, only a vote does (Raft §5.2): else, without pre-vote, a candidate whose log is
    /// behind asks for ever and keeps those from asking who could win.
    /// </summary>
    private void EnterTermOfCandidate(Term term)
    {
        var (elapsed, timeout) = (_electionElapsedTicks, _electionTimeoutTicks);
        var wasFollower = Role == Role.Follower;
        BecomeFollower(term, leader: default);
        if (wasFollower)
            (_electionElapsedTicks, _electionTimeoutTicks) = (elapsed, timeout);
    }

    // Whoever keeps asking in vain spreads out: else two that ask a third one in turn, the one that cannot win always first, may go on like that for long.
    private void ResetElectionTimer() =>
        StartElectionTimer(_options.ElectionTimeoutTicks + _jitter.Below(Math.Max(1, MayHurry ? _options.ElectionTimeoutTicks * 3 / 10 : _options.ElectionTimeoutTicks)));

    private void StartElectionTimer(int ticks)
    {
        _electionElapsedTicks = 0;
        _electionTimeoutTicks = ticks;
    }

    private void Send(in Message message) => _messages.Add(message);

    /// <summary>
    /// Sends what a leader says: at once, but for two cases. A single voter leads before its term is stored, and must not be heard in a term that it may lead again. And that a
    /// configuration is in effect is told only when this member cannot forget it: those it removes may go for good when they hear of it.
    /// </summary>
    private void SendAsLeader(in Message message)
    {
        if (_storedTerm == Term && _storedCommit >= ConfigurationIndex)
            Send(message);
        else
            SendAfterPersist(message);
    }

    private void SendAfterPersist(in Message message)
    {
        if (Has(Defects.AckBeforePersist))
            Send(message);
        else
            _messagesAfterPersist.Add(message);
    }

    private bool Has(Defects defect) => (_options.Defects & defect) != 0;

    private static class EmptyList<T>
    {
        // Never added to: Take hands it out only in place of an empty list.
        public static readonly List<T> Value = new(0);
    }
}
