using System.Collections.Concurrent;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Contracts.Commands;

namespace ApiGateway.Tests.Fakes;

/// <summary>
/// Consensus and storage in one object: a proposal is applied at once, each (session, sequence) at most once. A test may hold
/// results back, break the stream, or drop what is proposed.
/// </summary>
#pragma warning disable CA1001 // The stream it hands out belongs to whoever opened it.
internal sealed class FakeCluster : IConsensus, IStorage
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, KeyValue> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<(SessionId, ulong), CommandResult> _outcomes = [];
    private readonly List<CommandResult> _held = [];
    private IResultSink? _sink;
    private Stream? _stream;

    public ConcurrentQueue<CommandEnvelope> Proposed { get; } = new();

    public ConcurrentQueue<V2Write> V2Writes { get; } = new();

    public long Revision { get; private set; } = 1;

    public ulong Index { get; private set; } = 1;

    public int Applied { get; private set; }

    public int StreamsOpened { get; private set; }

    public int Subscriptions { get; private set; }

    public bool DropProposals { get; set; }

    public bool HoldResults { get; set; }

    public bool HasLeader { get; set; } = true;

    public ConcurrentQueue<long> SweepsAwaited { get; } = new();

    public TaskCompletionSource Swept { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StorageError NextError { get; set; }

    public Func<string, ReadResult>? OnGetV2 { get; set; }

    public long V2Index { get; set; } = 3;

    public List<(ulong, int)> Alarms { get; } = [];

    public void BreakStream()
    {
        Stream? stream;
        lock (_gate) stream = _stream;
        stream?.Break();
    }

    public void BreakResults(string reason)
    {
        IResultSink? sink;
        lock (_gate) sink = _sink;
        sink?.OnBroken(reason);
    }

    public void ReleaseResults()
    {
        lock (_gate)
        {
            HoldResults = false;
            _sink?.OnResults(_held.ToArray());
            _held.Clear();
        }
    }

    public IProposalStream OpenProposals()
    {
        lock (_gate)
        {
            StreamsOpened++;
            return _stream = new Stream(this);
        }
    }

    /// <summary>What the log says of how long an entry took; throws for one that cannot be reached.</summary>
    public Func<LogIndex, EntryTimes?> OnEntryTimes { get; set; } = _ => null;

    /// <summary>The same of storage.</summary>
    public Func<LogIndex, AppliedTimes?> OnAppliedTimes { get; set; } = _ => null;

    ValueTask<EntryTimes?> IConsensus.GetTimesAsync(LogIndex index, CancellationToken cancellation) => new(OnEntryTimes(index));

    ValueTask<AppliedTimes?> IStorage.GetTimesAsync(LogIndex index, CancellationToken cancellation) => new(OnAppliedTimes(index));

    public bool IsLearner { get; set; }

    /// <summary>Entries that are committed, and that this replica has not applied.</summary>
    public ulong NotApplied { get; set; }

    public ConcurrentQueue<LeaseGrantRequest> Grants { get; } = new();

    /// <summary>Read indexes asked for.</summary>
    public int ReadIndexes { get; private set; }

    public ConcurrentQueue<LogIndex> StatusesAtLeast { get; } = new();

    public ConcurrentQueue<MembershipChange> Changes { get; } = new();

    public ConcurrentQueue<MemberId> Transfers { get; } = new();

    public Func<MembershipChange, MembershipError> OnChange { get; set; } = _ => MembershipError.None;

    public Func<MemberId, TransferOutcome> OnTransfer { get; set; } = _ => TransferOutcome.Done;

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) => ReadIndexes++ >= 0 && HasLeader
        ? new ValueTask<ReadIndex>(new ReadIndex(new LogIndex(Index), new Term(2)))
        : ValueTask.FromException<ReadIndex>(new NoLeaderException("no leader"));

    public ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation)
    {
        StatusesAtLeast.Enqueue(atLeast);
        return GetStatusAsync(cancellation);
    }

    public ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation)
    {
        Changes.Enqueue(change);
        if (!HasLeader)
            return ValueTask.FromException<MembershipResult>(new NoLeaderException("no leader"));
        var after = new Consensus.Contracts.Member(new MemberId(1), "", change.PeerUrls, [], change.Kind == MembershipChangeKind.AddLearner);
        return new(new MembershipResult(OnChange(change), [s_member, after], new Term(3)));
    }

    public ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation)
    {
        Transfers.Enqueue(target);
        return new(OnTransfer(target));
    }

    private static readonly Consensus.Contracts.Member s_member =
        new(new MemberId(0xb), "one", ["http://127.0.0.1:2380"], ["http://127.0.0.1:2379"], false);

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation)
    {
        return new(new ConsensusStatus(
            new ClusterId(0xa), new MemberId(0xb), new MemberId(HasLeader ? 0xbUL : 0), new Term(2), new LogIndex(Index + NotApplied),
            new LogIndex(Index), IsLearner, [s_member]));
    }

    public ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _sink = sink;
            Subscriptions++;
        }
        return new(new Subscription());
    }

    /// <summary>What everything that is asked of storage ends with.</summary>
    public Exception? StorageFailure { get; set; }

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation)
    {
        if (StorageFailure is { } failure)
            return ValueTask.FromException<ReadResult>(failure);
        var request = RangeRequest.Parser.ParseFrom(rangeRequest.Span);
        lock (_gate)
        {
            var found = new RangeResponse();
            var (first, end) = (request.Key.ToStringUtf8(), request.RangeEnd.ToStringUtf8());
            var inRange = _keys.Where(pair => end.Length == 0
                ? pair.Key == first
                : string.CompareOrdinal(pair.Key, first) >= 0 && string.CompareOrdinal(pair.Key, end) < 0).Select(pair => pair.Value).ToList();
            found.Kvs.AddRange(request.Limit > 0 ? inRange.Take((int)request.Limit) : inRange);
            found.Count = inRange.Count;
            found.More = found.Kvs.Count < inRange.Count;
            return new(new ReadResult(StorageError.None, Revision, new LogIndex(Index), new Term(2), 0, found.ToByteArray()));
        }
    }

    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) =>
        StorageFailure is { } failure
            ? ValueTask.FromException<ReadResult>(failure)
            : new(new ReadResult(StorageError.None, Revision, new LogIndex(Index), new Term(2), 0, new TxnResponse { Succeeded = true }.ToByteArray()));

    public ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation) =>
        new(new ReadResult(OnAuthorize(request, caller), Revision, new LogIndex(Index), new Term(2), 0, default));

    /// <summary>Questions about permissions.</summary>
    public Func<AccessRequest, Caller, StorageError> OnAuthorize { get; set; } = static (_, _) => StorageError.None;

    /// <summary>What a gateway is told of a user; by default that nobody has to log in.</summary>
    public Func<string, LogIndex, AuthStatus> OnAuth { get; set; } =
        static (_, _) => new AuthStatus(false, 1, default, null, new LogIndex(1), new Term(2), 1);

    public ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation) => new(OnAuth(user, minApplied));

    public ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation) =>
        StorageFailure is { } failure ? ValueTask.FromException<ReadResult>(failure)
        // Nobody was ever made a user.
        : V2Internal.Contains(path) ? new(new ReadResult(StorageError.V2, V2Index, new LogIndex(Index), new Term(2), 100, "/.."u8.ToArray())) : new(OnGetV2!(path));

    /// <summary>How often the replica's status was asked for.</summary>
    public int StatusesAsked { get; private set; }

    ValueTask<StorageStatus> IStorage.GetStatusAsync(CancellationToken cancellation)
    {
        StatusesAsked++;
        return StorageFailure is { } failure ? ValueTask.FromException<StorageStatus>(failure) : new(new StorageStatus(
            new LogIndex(Index), new Term(2), new LogIndex(Index), Revision, -1, V2Index, 8192, BytesInUse, Alarms)
        {
            QuotaBytes = QuotaBytes,
            AlarmMember = 0xb,
            DowngradeTarget = DowngradeTarget,
        });
    }

    public string DowngradeTarget { get; set; } = "";

    public long QuotaBytes { get; set; } = long.MaxValue;

    public long BytesInUse { get; set; } = 4096;

    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        new((IReadOnlyList<ReadOnlyMemory<byte>>?)[new byte[] { (byte)'k' }]);

    /// <summary>How often the data file was to be defragmented.</summary>
    public int Defragmentations { get; private set; }

    public ValueTask DefragmentAsync(CancellationToken cancellation)
    {
        Defragmentations++;
        return StorageFailure is { } failure ? ValueTask.FromException(failure) : default;
    }

    public ValueTask SweptAsync(long revision, CancellationToken cancellation)
    {
        SweepsAwaited.Enqueue(revision);
        return StorageFailure is { } failure ? ValueTask.FromException(failure) : new(Swept.Task.WaitAsync(cancellation));
    }

    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation) => StorageFailure is { } failure
        ? ValueTask.FromException<HashResult>(failure)
        : new(new HashResult(StorageError.None, 77, -1, Revision, Revision, new Term(2)));

    public ValueTask<uint> HashAsync(CancellationToken cancellation) =>
        StorageFailure is { } failure ? ValueTask.FromException<uint>(failure) : new(78u);

    public IAsyncEnumerable<SnapshotChunk> SnapshotAsync(CancellationToken cancellation) => throw new NotSupportedException();
    /// <summary>The pieces of the database that it gives.</summary>
    public Func<CancellationToken, IAsyncEnumerable<DatabasePiece>>? Database { get; set; }

    public IAsyncEnumerable<DatabasePiece> DatabaseAsync(CancellationToken cancellation) =>
        Database?.Invoke(cancellation) ?? throw new NotSupportedException();

    public IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation) => default;

    public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<LeaseBatch> LeasesAsync(CancellationToken cancellation) => throw new NotSupportedException();

    private void Apply(ReadOnlyMemory<byte> command)
    {
        Assert.True(CommandEnvelope.TryDecode(command, out var envelope, out var payload));
        Proposed.Enqueue(envelope);
        lock (_gate)
        {
            if (DropProposals)
                return;
            Index++;
            var id = (envelope.Session, envelope.Sequence);
            if (!_outcomes.TryGetValue(id, out var result))
                _outcomes[id] = result = Execute(envelope, payload);
            if (HoldResults)
                _held.Add(result);
            else
                _sink?.OnResults([result]);
        }
    }

    private CommandResult Execute(in CommandEnvelope envelope, ReadOnlyMemory<byte> payload)
    {
        Applied++;
        byte[] body = [];
        var detail = 0;
        var revision = ++Revision;
        switch (envelope.Kind)
        {
            case CommandKind.Put:
                var put = PutRequest.Parser.ParseFrom(payload.Span);
                var before = _keys.GetValueOrDefault(put.Key.ToStringUtf8());
                _keys[put.Key.ToStringUtf8()] = new KeyValue
                {
                    Key = put.Key,
                    Value = put.Value,
                    CreateRevision = before?.CreateRevision ?? revision,
                    ModRevision = revision,
                    Version = (before?.Version ?? 0) + 1,
                };
                body = new PutResponse { PrevKv = put.PrevKv ? before : null }.ToByteArray();
                break;
            case CommandKind.LeaseGrant:
                var grant = LeaseGrantRequest.Parser.ParseFrom(payload.Span);
                Grants.Enqueue(grant);
                body = new LeaseGrantResponse { ID = grant.ID, TTL = grant.TTL }.ToByteArray();
                break;
            case CommandKind.SpaceAlarm:
                Alarms.Add((SpaceAlarm.Parser.ParseFrom(payload.Span).Member, 1));
                break;
            case CommandKind.V2Write:
                V2Writes.Enqueue(V2Write.Parser.ParseFrom(payload.Span));
                revision = ++V2Index;
                detail = 1;
                body = """{"action":"set"}"""u8.ToArray();
                break;
        }
        return new CommandResult(envelope.Session, envelope.Sequence, new LogIndex(Index), new Term(2), NextError, revision, detail, body);
    }

    private sealed class Subscription : IDisposable
    {
        public void Dispose()
        {
            // The next subscription replaces this one.
        }
    }

    private sealed class Stream(FakeCluster owner) : IProposalStream
    {
        private readonly TaskCompletionSource<ProposalStreamEnd> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ProposalStreamEnd> Broken => _broken.Task;

        public void Break() => _broken.TrySetResult(ProposalStreamEnd.MemberServes);

        public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
        {
            if (_broken.Task.IsCompleted)
                throw new ProposalStreamBrokenException("broken by the test");
            owner.Apply(proposal.Command);
            return default;
        }

        public ValueTask DisposeAsync() => default;
    }
}
