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

    // The commit index moved, and not everybody may have been told.
    private bool _mustTellCommit;

    /// <summary>Appends a batch of commands, all or none. The host keeps the bytes unchanged from here on.</summary>
    /// <param name="commands">Commands in order.</param>
    /// <param name="first">Index of the first of them.</param>
    public RaftError Propose(ReadOnlySpan<ReadOnlyMemory<byte>> commands, out LogIndex first)
    {
        first = default;
        if (Role != Role.Leader)
            return RaftError.NotLeader;
        if (IsLeaving)
            return RaftError.TransferInProgress;
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
        (_lost, _campaigns) = (default, 0);
        _electionElapsedTicks = 0;
        _heartbeatElapsedTicks = 0;
        EndTransfer();
        foreach (var peer in _peers)
            peer.Reset(_log.Last.Next);
        _self!.Accepted(_log.Stable);
        // Entries of earlier terms commit only together with one of this term (Raft §5.4.2, §8).
        Append(new Entry(_log.Last.Next, Term, EntryKind.Empty, default));
        BroadcastAppend();
    }

    private void AbandonLeadership()
    {
        _uncommitted.Clear();
        _uncommittedBytes = 0;
        _mustTellCommit = false;
        EndTransfer();
        RejectReads();
    }

    private void TickLeader()
    {
        TickTransfer();
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
        var active = SelfBit;
        for (var i = 0; i < _peers.Length; i++)
        {
            if (_peers[i].IsRecentlyActive)
                active |= 1UL << i;
            _peers[i].IsRecentlyActive = false;
        }
        return _quorum.IsSatisfiedBy(active);
    }

    private RaftError StepLeader(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendAnswer when message.Rejected:
                OnAppendRefused(PeerOf(message.From)!, message);
                return RaftError.None;
            case MessageKind.AppendAnswer:
                // Nobody can store what we do not have.
                if (message.Index > _log.Last)
                    return RaftError.MalformedMessage;
                OnAppendAccepted(PeerOf(message.From)!, message.Index);
                return RaftError.None;
            case MessageKind.HeartbeatAnswer:
                OnHeartbeatAnswer(PeerOf(message.From)!, message.Context);
                return RaftError.None;
            case MessageKind.ReadRequest:
                EnqueueRead(message.From, message.Context);
                return RaftError.None;
            case MessageKind.AppendRequest or MessageKind.Commit or MessageKind.Heartbeat or MessageKind.Snapshot:
                // Two leaders in one term: election safety is broken (Raft §5.2).
                return RaftError.ConflictsWithCommitted;
            default:
                return RaftError.None;
        }
    }

    private void OnAppendAccepted(PeerProgress peer, LogIndex match)
    {
        peer.IsRecentlyActive = true;
        var wasPaused = peer.IsPaused;
        var isNews = peer.Accepted(match);
        if (isNews)
            MaybeCommit();
        if (Role == Role.Leader && (wasPaused || isNews))
            SendAppends(peer, evenEmpty: false);
        ContinueTransfer(peer);
    }

    private void OnAppendRefused(PeerProgress peer, in Message message)
    {
        peer.IsRecentlyActive = true;
        // Skip whole terms: nothing of ours above the hint's term can match (Raft §5.3).
        var hint = _log.LastAtMost(message.HintIndex, message.HintTerm);
        // Theirs ends before ours begins: there is nothing of ours to try, and it is told to begin anew.
        if (message.HintIndex < hint)
            hint = message.HintIndex;
        if (peer.Refused(message.Index, hint))
            SendAppends(peer, evenEmpty: true);
    }

    private void OnHeartbeatAnswer(PeerProgress peer, ulong round)
    {
        peer.Alive();
        if (peer.Match < _log.Last)
            SendAppends(peer, evenEmpty: true);
        ContinueTransfer(peer);
        if (round > peer.AnsweredRound && round <= _round)
        {
            peer.AnsweredRound = round;
            ConfirmReads();
        }
    }

    private void MaybeCommit()
    {
        var began = _log.Commit;
        LogIndex configuration;
        do
        {
            configuration = ConfigurationIndex;
            CommitWhatQuorumHas();
        }
        // Under another configuration more may be committed already.
        while (Role == Role.Leader && ConfigurationIndex != configuration);
        _mustTellCommit |= Role == Role.Leader && _log.Commit > began;
    }

    /// <summary>
    /// Says what is committed to everybody who did not hear it with an append. Once for all that was committed since the last time, and after the
    /// proposals that came meanwhile: what they are sent in says it too.
    /// </summary>
    private void SendCommit()
    {
        if (!_mustTellCommit)
            return;
        _mustTellCommit = false;
        foreach (var peer in _peers)
        {
            if (peer == _self)
                continue;
            var isFed = peer.Feed == Feed.Replicate;
            // What a commit made this leader append, such as the end of a joint configuration; and a probe, if none is out.
            SendAppends(peer, evenEmpty: !isFed);
            if (isFed && peer.ToldCommit < _log.Commit)
                SendCommit(peer);
        }
    }

    private void SendCommit(PeerProgress peer)
    {
        var last = new LogIndex(peer.Next.Value - 1);
        // What is before the log was told with the snapshot's answer, or will be with a heartbeat.
        if (!_log.TryTermAt(last, out var lastTerm))
            return;
        SendAsLeader(new Message(MessageKind.Commit, _options.Self, peer.Id, Term) { Index = last, IndexTerm = lastTerm, Commit = _log.Commit });
        peer.ToldCommit = _log.Commit;
    }

    private void CommitWhatQuorumHas()
    {
        Span<ulong> matches = stackalloc ulong[JointQuorum.MaxPeers];
        for (var i = 0; i < _peers.Length; i++)
            matches[i] = _peers[i].Match.Value;
        if (Has(Defects.LeaderCountsUnpersisted))
            matches[Math.Max(0, Array.IndexOf(_peers, _self))] = _log.Last.Value;
        var quorum = Has(Defects.CommitJointByIncomingOnly) ? _quorum.WithoutOutgoing() : _quorum;
        var reached = new LogIndex(quorum.Reached(matches));
        // Only an entry of the current term is committed by counting (Raft §5.4.2).
        if (reached <= _log.Commit || !(_log.Matches(reached, Term) || Has(Defects.CommitOldTermByCounting)))
            return;
        while (_uncommitted.TryPeek(out var batch) && batch.Last <= reached)
            _uncommittedBytes -= _uncommitted.Dequeue().Bytes;
        CommitTo(reached);
        LeaveJoint();
        ReleaseEarlyReads();
        if (_retireAt is { } retireAt && reached >= retireAt)
            HandOver();
    }

    private void BroadcastAppend()
    {
        foreach (var peer in _peers)
        {
            if (peer != _self)
                SendAppends(peer, evenEmpty: true);
        }
    }

    private void SendAppends(PeerProgress peer, bool evenEmpty)
    {
        while (!peer.IsPaused)
        {
            var previous = new LogIndex(peer.Next.Value - 1);
            if (!_log.TryTermAt(previous, out var previousTerm))
            {
                SendSnapshot(peer);
                return;
            }
            var entries = NextEntries(peer);
            if (entries.Length == 0 && !evenEmpty && peer.Next > _log.Last)
                return;
            evenEmpty = false;
            SendAsLeader(new Message(MessageKind.AppendRequest, _options.Self, peer.Id, Term)
            {
                Index = previous,
                IndexTerm = previousTerm,
                Entries = entries,
                Commit = _log.Commit,
            });
            peer.ToldCommit = _log.Commit;
            peer.Sent(entries.Length == 0 ? previous : entries[^1].Index, entries.Length == 0, BytesOf(entries));
        }
    }

    /// <summary>What the peer's next append carries. Nothing although there is something, when that is too much for a probe.</summary>
    private Entry[] NextEntries(PeerProgress peer)
    {
        if (peer.Feed == Feed.Replicate)
            return _log.Read(peer.Next, _options.MaxAppendBytes);
        var entries = _log.Read(peer.Next, Math.Min(_options.MaxProbeBytes, _options.MaxAppendBytes));
        return BytesOf(entries) <= _options.MaxProbeBytes ? entries : [];
    }

    private static long BytesOf(Entry[] entries)
    {
        long bytes = 0;
        foreach (ref readonly var entry in entries.AsSpan())
            bytes += entry.Data.Length;
        return bytes;
    }

    /// <summary>What the peer needs is no longer in the log: it is told to begin its log where ours begins.</summary>
    private void SendSnapshot(PeerProgress peer)
    {
        var before = _log.Before;
        var isKnown = _log.TryTermAt(before, out var term);
        isKnown &= _configurations.TryGetAt(before, out _, out var configuration);
        Invariant.Holds(isKnown);
        SendAsLeader(new Message(MessageKind.Snapshot, _options.Self, peer.Id, Term)
        {
            Index = before,
            IndexTerm = term,
            Data = ConfigurationFormat.Encode(configuration),
        });
        peer.SentSnapshot();
    }

    private void BroadcastHeartbeat()
    {
        foreach (var peer in _peers)
        {
            if (peer == _self)
                continue;
            SendAsLeader(new Message(MessageKind.Heartbeat, _options.Self, peer.Id, Term)
            {
                Commit = peer.Match < _log.Commit && !Has(Defects.HeartbeatCommitsUnmatched) ? peer.Match : _log.Commit,
                Context = _round,
            });
        }
    }
}
