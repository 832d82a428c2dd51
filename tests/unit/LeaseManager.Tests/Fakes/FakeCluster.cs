using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Contracts.Commands;

namespace LeaseManager.Tests.Fakes;

/// <summary>
/// A log and a state machine in one, as far as a lease manager sees them: claims, expiries, the lease feed, results, sessions that take
/// effect once. A command is applied when it is proposed, unless the cluster is held.
/// </summary>
internal sealed class FakeCluster(TimeProvider time) : IStorage, IConsensus
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, (long Ttl, ulong GrantedAt, long Remaining)> _leases = [];
    private readonly Dictionary<(SessionId, ulong), CommandResult> _outcomes = [];
    private readonly List<(LeaseChange Change, ulong Index)> _changes = [];
    private readonly List<Stream> _streams = [];
    private readonly List<(SessionId Session, IResultSink Sink)> _sinks = [];
    private TaskCompletionSource _changed = NewSource();
    private ulong _index = 10;
    private ClaimState _claim;
    private long? _nextV2;
    private ulong _feedLimit = ulong.MaxValue;
    private readonly Dictionary<int, (ulong Index, ClaimState Claim)> _feedLimits = [];
    private int _feeds;

    public Dictionary<long, TimeSpan> EndedAt { get; } = [];
    public List<int> ExpireSizes { get; } = [];
    public List<long> V2Expiries { get; } = [];
    public int Applied { get; private set; }

    /// <summary>Revisions at which was compacted.</summary>
    public ConcurrentQueue<long> Compactions { get; } = new();

    /// <summary>How often the replica's status was asked for.</summary>
    public int StatusesAsked { get; private set; }

    public long Revision { get; init; } = 1;

    /// <summary>Proposals are swallowed, as by a leader that dies: until <see cref="Break"/>.</summary>
    public bool SwallowsProposals { get; set; }

    /// <summary>Commands of this kind are swallowed.</summary>
    public CommandKind? Swallows { get; set; }

    /// <summary>Proposals are applied but their results are lost.</summary>
    public bool LosesResults { get; set; }

    public ulong Epoch
    {
        get { lock (_gate) return _claim.Epoch; }
    }

    public ClaimState Claim
    {
        get { lock (_gate) return _claim; }
    }

    /// <summary>Checkpoints, in the order in which they were applied.</summary>
    public ConcurrentQueue<(long Id, long RemainingSeconds)> Checkpoints { get; } = new();

    public long RemainingOf(long id)
    {
        lock (_gate)
            return _leases[id].Remaining;
    }

    public LogIndex Index
    {
        get { lock (_gate) return new LogIndex(_index); }
    }

    public int LeaseCount
    {
        get { lock (_gate) return _leases.Count; }
    }

    public bool HasLease(long id)
    {
        lock (_gate)
            return _leases.ContainsKey(id);
    }

    public LogIndex Grant(long id, long ttl)
    {
        lock (_gate)
        {
            _index++;
            _leases[id] = (ttl, _index, 0);
            Change(new LeaseChange(id, ttl, Removed: false) { GrantedAt = _index });
            return new LogIndex(_index);
        }
    }

    public void Revoke(long id)
    {
        lock (_gate)
        {
            _index++;
            _leases.Remove(id);
            Change(new LeaseChange(id, 0, Removed: true));
        }
    }

    public void ClaimByAnother()
    {
        lock (_gate)
        {
            _index++;
            _claim = new ClaimState(_claim.Epoch + 1, new LogIndex(_index), _claim.StandbyAt, false);
            Wake();
        }
    }

    public void SetNextV2(long? unixNanos)
    {
        lock (_gate)
        {
            _index++;
            _nextV2 = unixNanos;
            Wake();
        }
    }

    /// <summary>Feeds show nothing above this index until told again.</summary>
    public void HoldFeed(LogIndex? upTo)
    {
        lock (_gate)
        {
            _feedLimit = upTo?.Value ?? ulong.MaxValue;
            Wake();
        }
    }

    /// <summary>The same for the feed that was opened as number <paramref name="feed"/>, epoch included: a replica that is cut off.</summary>
    public void HoldFeedOf(int feed, LogIndex? upTo)
    {
        lock (_gate)
        {
            _feedLimits.Remove(feed);
            if (upTo is { } index)
                _feedLimits[feed] = (index.Value, _claim);
            Wake();
        }
    }

    public int FeedsOpened
    {
        get { lock (_gate) return _feeds; }
    }

    /// <summary>Proposals swallowed so far.</summary>
    public int Swallowed { get; private set; }

    /// <summary>Every proposal stream and every result subscription ends.</summary>
    public void Break()
    {
        List<Stream> streams;
        List<(SessionId, IResultSink Sink)> sinks;
        lock (_gate)
        {
            (streams, sinks) = ([.. _streams], [.. _sinks]);
            _streams.Clear();
            _sinks.Clear();
        }
        foreach (var stream in streams)
            stream.End();
        foreach (var (_, sink) in sinks)
            sink.OnBroken("replica went away");
    }

    public IProposalStream OpenProposals()
    {
        var stream = new Stream(this);
        lock (_gate)
            _streams.Add(stream);
        return stream;
    }

    public ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _sinks.RemoveAll(one => one.Session == session);
            _sinks.Add((session, sink));
        }
        return new(new Subscription(() => { lock (_gate) _sinks.RemoveAll(one => one.Sink == sink); }));
    }

    public async IAsyncEnumerable<LeaseBatch> LeasesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        int next, feed;
        LeaseBatch batch;
        lock (_gate)
        {
            feed = _feeds++;
            next = _changes.Count;
            batch = Batch(true, [.. _leases.Select(one => new LeaseChange(one.Key, one.Value.Ttl, false, one.Value.Remaining) { GrantedAt = one.Value.GrantedAt })], _index);
        }
        yield return batch;
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                var held = _feedLimits.TryGetValue(feed, out var limit) ? limit : (Index: ulong.MaxValue, Claim: _claim);
                var upTo = Math.Min(_index, Math.Min(_feedLimit, held.Index));
                var changes = _changes.Skip(next).TakeWhile(one => one.Index <= upTo).Select(one => one.Change).ToList();
                next += changes.Count;
                batch = Batch(false, changes, upTo) with { Claim = held.Claim };
            }
            yield return batch;
            await changed.WaitAsync(cancellation);
        }
    }

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ReadResult> GetV2Async(string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();
    public IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<HistoryBatch> HistoryAsync(KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();

    ValueTask<StorageStatus> IStorage.GetStatusAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            StatusesAsked++;
            return new(new StorageStatus(new LogIndex(_index), new Term(2), new LogIndex(_index), Revision, -1, 3, 8192, 4096, []));
        }
    }

    public ValueTask DefragmentAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask SweptAsync(long revision, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<uint> HashAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<SnapshotChunk> SnapshotAsync(CancellationToken cancellation) => throw new NotSupportedException();
    public IAsyncEnumerable<DatabasePiece> DatabaseAsync(CancellationToken cancellation) => throw new NotSupportedException();
    public IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) => OnReadIndex is { } on ? on() : new(new ReadIndex(Index, new Term(2)));

    public Func<ValueTask<ReadIndex>>? OnReadIndex { get; set; }

    ValueTask<ConsensusStatus> IConsensus.GetStatusAsync(LogIndex atLeast, CancellationToken cancellation) => throw new NotSupportedException();

    ValueTask<MembershipResult> IConsensus.ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation) => throw new NotSupportedException();

    ValueTask<TransferOutcome> IConsensus.TransferLeadershipAsync(MemberId target, CancellationToken cancellation) => throw new NotSupportedException();

    ValueTask<ConsensusStatus> IConsensus.GetStatusAsync(CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation) => throw new NotSupportedException();

    private void Propose(ReadOnlyMemory<byte> command)
    {
        if (SwallowsProposals)
        {
            Swallowed++;
            return;
        }
        if (!CommandEnvelope.TryDecode(command, out var envelope, out var payload))
            throw new InvalidDataException("no command");
        if (envelope.Kind == Swallows)
            return;
        CommandResult result;
        IResultSink? sink;
        lock (_gate)
        {
            if (!_outcomes.TryGetValue((envelope.Session, envelope.Sequence), out result))
                _outcomes[(envelope.Session, envelope.Sequence)] = result = Apply(envelope, payload.Span);
            sink = LosesResults ? null : _sinks.FirstOrDefault(one => one.Session == envelope.Session).Sink;
        }
        sink?.OnResults([result]);
    }

    private CommandResult Apply(CommandEnvelope envelope, ReadOnlySpan<byte> payload)
    {
        _index++;
        Applied++;
        var error = StorageError.None;
        byte[] body = [];
        switch (envelope.Kind)
        {
            case CommandKind.LeaseClaim:
                var claim = LeaseClaim.Parser.ParseFrom(payload);
                if (claim.HasReplaces && (claim.Replaces, claim.HeldIndex) != (_claim.Epoch, _claim.HeldAt.Value))
                {
                    error = StorageError.StaleLeaseEpoch;
                    break;
                }
                _claim = new ClaimState(_claim.Epoch + 1, new LogIndex(_index), _claim.StandbyAt, false);
                body = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(body, _claim.Epoch);
                break;
            case CommandKind.LeaseHold:
                var hold = LeaseHold.Parser.ParseFrom(payload);
                if (hold.Epoch != _claim.Epoch || _claim.IsReleased)
                    error = StorageError.StaleLeaseEpoch;
                else
                    _claim = _claim with { HeldAt = new LogIndex(_index), IsReleased = hold.Released };
                break;
            case CommandKind.LeaseStandby:
                _claim = _claim with { StandbyAt = new LogIndex(_index) };
                break;
            case CommandKind.LeaseCheckpoints:
                var checkpoints = LeaseCheckpoints.Parser.ParseFrom(payload);
                if (checkpoints.Epoch != _claim.Epoch)
                    error = StorageError.StaleLeaseEpoch;
                else
                    foreach (var (id, remaining) in checkpoints.Ids.Zip(checkpoints.RemainingSeconds))
                        Checkpoint(id, remaining);
                break;
            case CommandKind.LeaseExpire:
                var expire = LeaseExpire.Parser.ParseFrom(payload);
                ExpireSizes.Add(expire.Ids.Count);
                if (expire.Epoch != _claim.Epoch)
                    error = StorageError.StaleLeaseEpoch;
                else
                    foreach (var id in expire.Ids)
                        End(id, expire.KnownIndex);
                break;
            case CommandKind.Compact:
                Compactions.Enqueue(EtcdApi.Etcdserverpb.CompactionRequest.Parser.ParseFrom(payload).Revision);
                break;
            case CommandKind.V2Expire:
                V2Expiries.Add(V2Expire.Parser.ParseFrom(payload).NowUnixNanos);
                _nextV2 = null;
                break;
        }
        Wake();
        return new CommandResult(envelope.Session, envelope.Sequence, new LogIndex(_index), new Term(2), error, 1, 0, body);
    }

    private void Checkpoint(long id, long remaining)
    {
        if (!_leases.TryGetValue(id, out var lease))
            return;
        Checkpoints.Enqueue((id, remaining));
        _leases[id] = lease with { Remaining = remaining };
        Change(new LeaseChange(id, lease.Ttl, false, remaining, IsCheckpoint: true));
    }

    private void End(long id, ulong known)
    {
        if (!_leases.TryGetValue(id, out var lease) || lease.GrantedAt > known)
            return;
        _leases.Remove(id);
        EndedAt[id] = time.GetElapsedTime(0);
        Change(new LeaseChange(id, 0, Removed: true));
    }

    private LeaseBatch Batch(bool reset, List<LeaseChange> changes, ulong index) =>
        new(reset, changes, new LogIndex(index), 1, new Term(2), _claim, _nextV2);

    private void Change(LeaseChange change)
    {
        _changes.Add((change, _index));
        Wake();
    }

    private void Wake()
    {
        var before = _changed;
        _changed = NewSource();
        before.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Stream(FakeCluster cluster) : IProposalStream
    {
        private readonly TaskCompletionSource<ProposalStreamEnd> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ProposalStreamEnd> Broken => _broken.Task;

        public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
        {
            if (_broken.Task.IsCompleted)
                throw new ProposalStreamBrokenException("ended");
            cluster.Propose(proposal.Command);
            return ValueTask.CompletedTask;
        }

        public void End() => _broken.TrySetResult(ProposalStreamEnd.MemberServes);

        public ValueTask DisposeAsync()
        {
            End();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
