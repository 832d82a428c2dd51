using System.Diagnostics;
using System.Runtime.InteropServices;
using Consensus.Contracts;
using Consensus.Core.Membership;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host.Peers;
using Hosting.Metrics;

namespace Consensus.Host.Service;

// The log thread: the only one that touches the Raft node and writes the log. Everything here runs on it.
public sealed partial class ConsensusService
{
    private readonly Dictionary<string, LogIndex> _durable = new(StringComparer.Ordinal);
    // Drained from the queue; not empty between turns only while the core has too much uncommitted.
    private List<QueuedProposal> _batch = [];
    private ReadOnlyMemory<byte>[] _commands = new ReadOnlyMemory<byte>[256];
    private List<Message> _received = [];
    private readonly KeptEntries _kept;
    private LogIndex _dropLimit;
    private bool _isFull;
    private ClusterConfiguration? _knownConfiguration;

    // The leadership that the route was made for.
    private (Term Term, MemberId Leader) _routed;

    // The last that was known; nobody in between counts.
    private MemberId _seenLeader;
    private volatile Exclusion? _exclusion;
    private TaskCompletionSource _statusChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Departure _departure = new();

    // A thread that was held up does not make up for all the ticks it missed: what came from the others meanwhile counts first.
    private const int MaxTicksAtOnce = 10;

    // Longer than a disk that does its work takes: writes wait for it, and heartbeats are late.
    private static readonly TimeSpan s_slowAppend = TimeSpan.FromMilliseconds(200);

    private void Run()
    {
        try
        {
            HandleReady();
            _firstTurn.SetResult();
            var nextTick = Stopwatch.GetTimestamp() + TickDuration;
            while (!_isStopping)
            {
                // Ticks that only count are no reason to wake up: an idle member has ten turns a second, not a hundred.
                var idle = IdleTicks;
                var due = nextTick + (idle * TickDuration);
                _wake.Wait(MillisecondsUntil(due));
                NoteLateness(Stopwatch.GetTimestamp() - due);
                var (ticks, now) = (0, Stopwatch.GetTimestamp());
                for (; now >= nextTick && ticks < MaxTicksAtOnce; ticks++)
                    nextTick += TickDuration;
                if (now >= nextTick)
                    nextTick = now + TickDuration;
                // Those that were slept through came before whatever ended the sleep: a leader's word starts the count anew and is not aged by them.
                var slept = Math.Min(ticks, idle);
                for (var i = 0; i < slept; i++)
                    Tick();
                Turn(ticks - slept);
            }
            // What was accepted with success is still stored.
            _proposals.Close(static () => new ProposalStreamBrokenException(StoppingReason));
            Turn(ticks: 0);
            End(StoppingReason);
        }
        catch (Exception e)
        {
            OnFailed(e);
        }
    }

    // At most until the next heartbeat is due, whoever sends it. While somebody waits for a tick, every tick has its turn.
    private int IdleTicks =>
        _batch.Count > 0 || _askedReads.Count > 0 || _waitingReads.Count > 0 || _transfer is not null || _waitingChanges.Count > 0 || _proposedChange is not null
        || (_route.IsNowhere && _raft.Leader != default)
            ? 0
            : Math.Min(_raft.IdleTicks, _options.HeartbeatTicks - 1);

    private long TickDuration => (long)(_options.Tick.TotalSeconds * Stopwatch.Frequency);

    // As in etcd: an interval between two heartbeats that is longer than two should be.
    private void NoteLateness(long late)
    {
        if (late > TickDuration * _options.HeartbeatTicks && _raft.Role == Role.Leader)
            _metrics.HeartbeatsFailed(_network.LinkCount);
    }

    private static int MillisecondsUntil(long timestamp)
    {
        var left = timestamp - Stopwatch.GetTimestamp();
        return left <= 0 ? 0 : (int)(left * 1000 / Stopwatch.Frequency) + 1;
    }

    private void Turn(int ticks)
    {
        Receive();
        for (var i = 0; i < ticks; i++)
            Tick();
        while (_requests.TryDequeue(out var request))
            request();
        if (_batch.Count == 0)
            _proposals.Drain(ref _batch);
        if (_batch.Count > 0)
            ProposeBatch();
        AskForReads();
        HandleReady();
        SettleChanges();
        // A change that could be made now has something to store and to send.
        HandleReady();
    }

    private void Tick()
    {
        _raft.Tick();
        TickTransfer();
        TickReads();
    }

    private void Receive()
    {
        _inbound.Drain(ref _received);
        foreach (ref readonly var message in CollectionsMarshal.AsSpan(_received))
        {
            if (AppendTimes.IsAppend(message.Kind))
                _appendsReceived.Note(PeerWire.BytesOf(message));
            if (_raft.Step(message) is var error and not RaftError.None)
                Log.MessageRefused(_logger, message.Kind, message.From.ToString(), error);
        }
        _received.Clear();
    }

    private void OnPeerLost(MemberId peer)
    {
        _raft.PeerUnreachable(peer);
        AskAgain();
    }

    private void ProposeBatch()
    {
        if (_batch.Count > _commands.Length)
            _commands = new ReadOnlyMemory<byte>[Math.Max(_batch.Count, _commands.Length * 2)];
        long bytes = 0;
        var batch = CollectionsMarshal.AsSpan(_batch);
        for (var i = 0; i < batch.Length; i++)
        {
            _commands[i] = batch[i].Proposal.Command;
            bytes += _commands[i].Length;
        }

        if (!HasRoom(batch.Length, bytes))
        {
            Refuse("no space left for the log");
            return;
        }
        switch (_raft.Propose(_commands.AsSpan(0, batch.Length), out var first))
        {
            case RaftError.None:
                _traces.Appended(_batch, first);
                _times.Appended(first, _batch.Count, _batch[0].Queued);
                ClearBatch();
                break;
            case RaftError.TooManyUncommitted or RaftError.TransferInProgress:
                // Kept for the turn after the next commit, or until the transfer ended; meanwhile the queue fills and producers wait.
                break;
            default:
                Refuse("this member is not the leader");
                break;
        }
    }

    private void ClearBatch()
    {
        _commands.AsSpan(0, _batch.Count).Clear();
        _batch.Clear();
    }

    private bool HasRoom(int commands, long commandBytes)
    {
        try
        {
            _wal.EnsureRoom(WriteAheadLog.MaxGroupBytes(commands, commandBytes));
            _isFull = false;
            return true;
        }
        catch (WalFullException e)
        {
            // Said once; every new proposal tries again.
            if (!_isFull)
            {
                Log.DiskFull(_logger, e);
                _isFull = true;
                DropHeld();
            }
            return false;
        }
    }

    private void Refuse(string reason)
    {
        ClearBatch();
        BreakStreams(reason, ProposalStreamEnd.MemberServes);
    }

    /// <summary>Does what the core asks for until it asks for nothing more: send, store, publish, send what counted on it, answer reads.</summary>
    private void HandleReady()
    {
        while (_raft.TryTakeReady(out var ready))
        {
            LeaveFastReads();
            if (ready.Reset is { } reset)
                Reset(reset, ready.HardState);
            Send(ready.Messages);
            Store(ready);
            _recent.Add(ready.Entries);
            Publish(ready.CommitIndex);
            Send(ready.MessagesAfterPersist);
            _raft.Advance(ready);
            foreach (var result in ready.Reads)
                AnswerRead(result);
        }
    }

    private void Send(IReadOnlyList<Message> messages)
    {
        if (messages.Count == 0)
            return;
        for (var i = 0; i < messages.Count; i++)
        {
            if (AppendTimes.IsAppend(messages[i].Kind))
                _appendsSent.Note(PeerWire.BytesOf(messages[i]));
            _network.Send(messages[i]);
        }
        _network.Flush();
    }

    /// <summary>A leader whose log begins behind our end sent its snapshot point: the log begins anew there, and storage will fetch the rest.</summary>
    private void Reset(in LogReset reset, in HardState hardState)
    {
        _wal.Reset(reset.Index, reset.Term, reset.Index, ConfigurationFormat.Encode(reset.Configuration), hardState);
        _recent.Clear();
        Log.LogReset(_logger, reset.Index.Value);
    }

    private void Store(in Ready ready)
    {
        if (!ready.HardStateChanged && ready.Entries.Length == 0)
            return;
        var (began, started) = (_traces.HasAppended ? DateTime.UtcNow : default, Stopwatch.GetTimestamp());
        Exemplars.WorkFor(_traces.OneAppended);
        _wal.Append(ready.HardState, ready.Entries, ready.MustSync);
        Exemplars.WorkFor(default);
        if (Stopwatch.GetElapsedTime(started) is var took && took >= s_slowAppend)
            Log.SlowAppend(_logger, took.TotalMilliseconds, ready.Entries.Length);
        if (ready.MustSync)
            _times.Stored();
        if (ready.MustSync && began != default)
            _traces.Stored(began);
    }

    private void Publish(LogIndex commit)
    {
        var isNews = commit > _commits.Commit;
        var current = _status;
        // The status first: who was told of a commit finds the members that it brought.
        if (current.Term != _raft.Term || current.Leader != _raft.Leader || _knownConfiguration != _raft.Configuration)
            ChangeStatus();
        else if (current.LastIndex != _raft.LastIndex)
            _status = MakeStatus();
        if (isNews)
        {
            _commits.Publish(commit);
            _metrics.Committed(commit.Value);
            _traces.Committed(commit);
            _times.Committed(commit);
        }
        // After the commit index that makes it true.
        if (IsOnlyVoter && _raft.IsReadable)
            Volatile.Write(ref _readableTerm, _raft.Term.Value);
    }

    private bool IsOnlyVoter =>
        _raft.Configuration is { IsJoint: false } configuration && configuration.Members.Count(static member => !member.IsLearner) == 1;

    /// <summary>Before anything goes out that lets another member be a voter, or be voted for.</summary>
    private void LeaveFastReads()
    {
        if (Volatile.Read(ref _readableTerm) != 0 && !(IsOnlyVoter && _raft.Role == Role.Leader))
            Volatile.Write(ref _readableTerm, 0);
    }

    private void ChangeStatus()
    {
        _status = MakeStatus();
        if (_knownConfiguration != _raft.Configuration)
        {
            _knownConfiguration = _raft.Configuration;
            // First: who dials from now on is told.
            if (_knownConfiguration is not null)
                _exclusion = new Exclusion(_raft.ConfigurationIndex, _knownConfiguration);
            ConnectMembers();
            // A member that joins hears of its leader before it knows where that is.
            if (_route.IsNowhere)
                _routed = default;
        }
        if (_routed != (_raft.Term, _raft.Leader))
        {
            if (_raft.Leader != default && _raft.Leader != _seenLeader)
                _metrics.LeaderChanged();
            // Who leads anew counts anew; another that was only out of sight does not.
            if (_raft.Leader != default && (_raft.Leader != _lastLeader.Item1 || _raft.Leader == Self))
                _lastLeader = Tuple.Create(_raft.Leader, DateTimeOffset.UtcNow);
            _seenLeader = _raft.Leader;
            _routed = (_raft.Term, _raft.Leader);
            Log.LeaderChanged(_logger, Self.ToString(), _raft.Leader.ToString(), _raft.Term.Value);
            ChangeRoute(_raft.Leader);
            AskAgain();
        }
        var changed = _statusChanged;
        Volatile.Write(ref _statusChanged, new(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.SetResult();
    }

    /// <summary>Proposals go another way from now on; what went the old way may be lost, and its proposers are told.</summary>
    private void ChangeRoute(MemberId leader)
    {
        ForwardStream? forward = null;
        if (leader != default && leader != Self)
        {
            forward = _raft.Configuration?.Find(leader) is { } member && _network.CallChannel(member) is { } channel
                ? new ForwardStream(channel, _options.MaxQueuedProposals, _options.MaxQueuedBytes)
                : null;
            // A leader whose address is not known yet: somebody to wait for.
            if (forward is null)
                leader = default;
        }
        var before = _route;
        var route = leader == default ? Route.None() : new Route(_raft.Term, leader, forward);
        _route = route;
        Interlocked.MemoryBarrier();
        BreakStreams("the leader changed", ProposalStreamEnd.MemberServes, onlyBound: true);
        before.Dispose();
        if (_raft.Role != Role.Leader)
        {
            _traces.Abandon();
            _times.Abandon();
        }
        _ = forward?.Broken.ContinueWith(
            (broken, _) => Request(() => OnForwardBroken(route, broken.Result)), null, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void OnForwardBroken(Route route, string reason)
    {
        if (_route != route || _isStopping)
            return;
        Log.ForwardBroken(_logger, route.Leader.ToString(), reason);
        // The same evidence as the end of the peers' own connection, and the first to come on one that carries more.
        if (route.Forward!.IsConnectionLost)
            OnPeerLost(route.Leader);
        // Until the next tick finds a leader, this one once more perhaps.
        ChangeRoute(default);
    }

    private void OnDurable(string storageReplica, LogIndex durable)
    {
        _durable[storageReplica] = durable;
        if (_durable.Count < _options.DurableReplicas)
            return;
        var held = _durable.Values.OrderDescending().ElementAt(_options.DurableReplicas - 1);
        var limit = held < _commits.Commit ? held : _commits.Commit;
        if (limit.Value <= _options.KeepEntries || limit <= _dropLimit)
            return;
        _dropLimit = limit;
        DropHeld();
    }

    /// <summary>Drops what enough replicas hold, but for what is kept.</summary>
    private void DropHeld()
    {
        if (_dropLimit.Value <= _options.KeepEntries)
            return;
        var through = new LogIndex(_dropLimit.Value - _options.KeepEntries);
        // A log that gets too long, or has no space to go on, is shortened whoever may need it: that one has to fetch another state.
        if (!_isFull && _wal.SegmentCount * _options.SegmentBytes <= _options.MaxKeptBytes)
            through = _kept.Bound(through);
        var first = _wal.DropThrough(through);
        if (first > _raft.FirstIndex)
        {
            _raft.LogDropped(first);
            Log.SegmentsDropped(_logger, first.Value);
        }
    }

    private void BreakStreams(string reason, ProposalStreamEnd end, bool onlyBound = false)
    {
        ProposalStream[] streams;
        lock (_streamsGate)
        {
            streams = [.. _streams.Where(stream => !onlyBound || stream.IsBound)];
            _streams.ExceptWith(streams);
        }
        foreach (var stream in streams)
            stream.Break(reason, end);
    }

    /// <summary>Ends everything that waits for this thread, and lets the files go.</summary>
    private void End(string reason)
    {
        _isStopping = true;
        Volatile.Write(ref _readableTerm, 0);
        _proposals.Close(() => new ProposalStreamBrokenException(reason));
        BreakStreams(reason, ProposalStreamEnd.MemberLost);
        _commits.Close(reason);
        _inbound.Close(() => new LogUnavailableException(reason));
        while (_requests.TryDequeue(out var request))
            request();
        MakeChanges();
        _proposedChange?.Change.Done.TrySetResult(null);
        EndTransfer(TransferOutcome.TimedOut);
        EndReads(reason);
        try
        {
            _wal.Dispose();
        }
        finally
        {
            _directory.Dispose();
            _traces.Dispose();
            _ended.TrySetResult();
        }
    }

    /// <summary>
    /// Whatever gets here leaves the log in an unknown state: nothing more is promised, and the process is told to end.
    /// </summary>
    private void OnFailed(Exception e)
    {
        Log.Failed(_logger, e);
        if (_firstTurn.TrySetException(e))
            return;
        try
        {
            End($"the log failed: {e.Message}");
        }
        catch (Exception second) when (second is IOException or UnauthorizedAccessException)
        {
            Log.Failed(_logger, second);
        }
        _options.OnFatal(e);
    }
}
