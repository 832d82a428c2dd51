using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Consensus.Contracts;
using Hosting.Metrics;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Core.V2;
using Storage.Host.Checks;
using Storage.Host.Service;
using Storage.Host.Snapshots;

namespace Storage.Host;

/// <summary>One storage replica: the state machine in its shell. Thread-safe.</summary>
/// <remarks>
/// <para>Reads work on the published view, on the caller's thread, and never wait for applies unless they ask to.</para>
/// <para>
/// When the log no longer holds what comes next, a snapshot from a peer takes the place of the data file while reads go on: feeds and waiting
/// reads continue on the new state; subscribers of results are told to subscribe again, as some results were never seen here.
/// </para>
/// </remarks>
public sealed class StorageService : IStorage, IStorageGauges, IAsyncDisposable
{
    // A start with so many keys leaves so much garbage that it goes before anything else: nothing would soon make the collector look at arrays of that size.
    private const int LargeStartKeys = 100_000;

    private readonly CancellationTokenSource _stopping = new();
    private readonly PublishedState _state;
    private readonly ReplicaContext _context;
    private readonly ReadGuard _reads;
    private readonly Feeds _feeds;
    private readonly SlowReads _slowReads;
    private readonly SpaceWatch _space;
    private readonly CorruptionCheck? _check;
    private readonly SnapshotInstaller? _installer;
    private readonly string? _keptDamagedFile;
    private Replica _replica;

    // Where the log begins that a snapshot is needed for.
    private LogIndex _missing;
    private Task _running = Task.CompletedTask;

    /// <summary>Rebuilds the state from the tree. Nothing is applied before <see cref="Start"/>.</summary>
    /// <param name="consensus">Where committed entries come from.</param>
    /// <param name="data">The opened data file; disposed with the service.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">Clock of intervals and delays.</param>
    /// <param name="logger">Where the service logs.</param>
    /// <param name="stopProcess">Called once when the replica must not go on.</param>
    /// <param name="snapshots">Where to get a state when the log begins after what is applied here; null: then the replica must not go on.</param>
    /// <param name="peers">The replicas to compare with; null: none.</param>
    public StorageService(
        IConsensus consensus, StorageData data, StorageOptions options, TimeProvider time, ILogger<StorageService> logger,
        Action<string, Exception> stopProcess, ISnapshotSource? snapshots = null, IReplicaPeers? peers = null)
    {
        var machine = data.Rebuilt is { } rebuilt && rebuilt.Options == options.State ? rebuilt : Rebuild(data, options.State);
        var fatal = new FatalHandler(logger, stopProcess, data.NoteSuspicion);
        _state = new PublishedState(machine.Freeze());
        _reads = new ReadGuard(fatal, _stopping.Token);
        _context = new ReplicaContext(
            consensus, new LogContact(time), _state, new ResultRouter(), new IndexWaiters(() => _state.Current.AppliedIndex), new SweepWaiters(machine.Sweep.SweptRevision),
            new ViewSignal(_state), _reads, new DurabilityReports(consensus, options.ReplicaName, time, logger), new Wakeup(), Metrics, options, time, fatal, logger);
        _slowReads = new SlowReads(Metrics, options.WarningApplyDuration, time, logger);
        _feeds = new Feeds(_state, _context.Signal, _reads);
        _installer = snapshots is null ? null : new SnapshotInstaller(snapshots, new LogKeeper(consensus, options.ReplicaName, time, logger), options, time, logger);
        _keptDamagedFile = data.KeptDamagedFile;
        _replica = new Replica(_context, data, machine);
        var proposals = new OwnProposals(consensus, _state, _context.Signal, time, logger);
        _space = new SpaceWatch(options.Quota, options.AlarmMember, _context.SizeChanged, () => Size.InUseBytes, _state, proposals, logger);
        _check = peers is null ? null : new CorruptionCheck(this, consensus, peers, proposals.RaiseCorruptAsync, options, time, logger);
        StorageLog.Rebuilt(logger, _state.Current.AppliedIndex.Value, _state.Current.Revision, _state.Current.Keys.Count);
    }

    /// <summary>The state as the data file has it.</summary>
    internal static StateMachine Rebuild(StorageData data, StateMachineOptions options)
    {
        var machine = StateMachine.Open(data.Tree, options, new PoolWorker());
        if (machine.KeyCount >= LargeStartKeys)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return machine;
    }

    internal StorageMetrics Metrics { get; } = new();

    long IStorageGauges.Revision => _state.Current.Revision;

    long IStorageGauges.CompactRevision => _state.Current.CompactRevision;

    long IStorageGauges.Keys
    {
        get
        {
            var view = _state.Current;
            return view.Keys.CountLive(KeyRange.All, view.Revision);
        }
    }

    long IStorageGauges.FileBytes => Size.FileBytes;

    long IStorageGauges.FileBytesInUse => Size.InUseBytes;

    long IStorageGauges.QuotaBytes => _context.Options.Quota.Bytes is var bytes and not long.MaxValue ? bytes : -1;

    long IStorageGauges.AuthRevision => (long)_state.Current.Auth.Revision;

    int IStorageGauges.OpenReads => Current.OpenReads;

    ulong IStorageGauges.AppliedIndex => _state.Current.AppliedIndex.Value;

    /// <summary>True while the log has been out of reach for so long that others know better what was written.</summary>
    public bool IsCutOff => _context.Contact.IsLost;

    /// <summary>Before <see cref="Start"/>: compares with the other replicas, if the options say so.</summary>
    /// <exception cref="ReplicaDiffersException">This one differs, and must not be started.</exception>
    public Task CompareAtStartAsync(CancellationToken cancellation) =>
        _check is not null && _context.Options.ComparesAtStart ? _check.CompareAtStartAsync(cancellation) : Task.CompletedTask;

    /// <summary>Starts to apply, commit and sweep.</summary>
    public void Start() => _running = Task.WhenAll(
        Task.Run(() => _context.Reports.RunAsync(_stopping.Token)),
        Task.Run(() => _space.RunAsync(_stopping.Token)),
        _check is null || _context.Options.CorruptCheckInterval <= TimeSpan.Zero ? Task.CompletedTask : Task.Run(() => _check.RunAsync(_stopping.Token)),
        Task.Run(RunAsync));

    public ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation) => new(_context.Results.Subscribe(session, sink));

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation)
    {
        var began = _context.Time.GetTimestamp();
        return IsApplied(minApplied) ? ValueTask.FromResult(Range(rangeRequest, caller, began)) : WaitedAsync();

        async ValueTask<ReadResult> WaitedAsync()
        {
            await _context.Applied.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
            return Range(rangeRequest, caller, began);
        }
    }

    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation)
    {
        var began = _context.Time.GetTimestamp();
        return IsApplied(minApplied) ? ValueTask.FromResult(Txn(txnRequest, caller, began)) : WaitedAsync();

        async ValueTask<ReadResult> WaitedAsync()
        {
            await _context.Applied.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
            return Txn(txnRequest, caller, began);
        }
    }

    public async ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation)
    {
        if (!IsApplied(minApplied))
            await _context.Applied.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
        return StateReads.Authorize(_state.Current, request, caller);
    }

    public async ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!IsApplied(minApplied))
            await _context.Applied.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
        return StateReads.Auth(_state.Current, user);
    }

    public async ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!IsApplied(minApplied))
            await _context.Applied.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
        using var activity = Activity.Current is null ? null : StorageTelemetry.Spans.StartActivity("storage.get-v2");
        var read = StateReads.V2(_state, path, recursive, nowUnixNanos); // children always come sorted
        if (!V2Internal.Contains(path))
            Metrics.Applies.V2.Read(read.Error == StorageError.None);
        return read;
    }

    public IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation) =>
        _feeds.RevisionsAsync(space, fromRevision, cancellation);

    public ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation) => ValueTask.FromResult(_reads.Run(
            (_state, space, key, rangeEnd, fromRevision, toRevision, maxBytes),
            static read => read.space == KeySpace.V3
                ? HistoryReader.Read(
                    read._state, new KeyRange(read.key.Span, read.rangeEnd.Span), read.fromRevision, read.toRevision, read.maxBytes)
                : V2History.Read(
                    read._state, Encoding.UTF8.GetString(read.key.Span), read.rangeEnd.IsEmpty ? V2History.Scope.Node : V2History.Scope.Subtree,
                    read.fromRevision, read.toRevision, read.maxBytes)));

    public IAsyncEnumerable<LeaseBatch> LeasesAsync(CancellationToken cancellation) => _feeds.LeasesAsync(cancellation);

    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(
        long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!IsApplied(minApplied))
            await _context.Applied.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
        return _state.Current.Leases.KeysOf(leaseId)?.ConvertAll(static key => (ReadOnlyMemory<byte>)key);
    }

    public ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation)
    {
        var view = _state.Current;
        var (fileBytes, inUse) = Size;
        return ValueTask.FromResult(new StorageStatus(
            view.AppliedIndex, view.AppliedTerm, Current.Commits.Durable, view.Revision, view.CompactRevision, view.V2.Index, fileBytes, inUse, view.Alarms)
        {
            QuotaBytes = _context.Options.Quota.Bytes,
            AlarmMember = _context.Options.AlarmMember,
            V2Counts = Metrics.Applies.V2.Sum(),
            DowngradeTarget = view.DowngradeTarget,
            LeaseEpoch = view.Leases.Claim.Epoch,
        });
    }

    public ValueTask<AppliedTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation) => new(_context.RecentApplies.Find(index));

    public ValueTask SweptAsync(long revision, CancellationToken cancellation)
    {
        var swept = _context.Swept.WaitAsync(revision, cancellation);
        // The sweep itself may be over already, and only its commit to come.
        if (!swept.IsCompleted)
            Current.Commits.Urgent.Raise();
        return swept;
    }

    public ValueTask DefragmentAsync(CancellationToken cancellation)
    {
        Current.Space.Request();
        return ValueTask.CompletedTask;
    }

    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation) =>
        ValueTask.FromResult(Timed(Metrics.HashKvSeconds, (_state, revision), static read => StateReads.Hash(read._state, read.revision)));

    public async ValueTask<uint> HashAsync(CancellationToken cancellation)
    {
        var (_, opened) = await OpenFreshAsync(cancellation).ConfigureAwait(false);
        using var snapshot = opened;
        return Timed(Metrics.HashSeconds, (snapshot, cancellation), static read => TreeHash.Compute(read.snapshot, read.cancellation));
    }

    public async IAsyncEnumerable<SnapshotChunk> SnapshotAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var (replica, snapshot) = await OpenFreshAsync(cancellation).ConfigureAwait(false);
        await foreach (var chunk in replica.Snapshots.ReadAsync(snapshot, cancellation).ConfigureAwait(false))
            yield return chunk;
    }

    public async IAsyncEnumerable<DatabasePiece> DatabaseAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var (replica, snapshot) = await OpenFreshAsync(cancellation).ConfigureAwait(false);
        await foreach (var piece in replica.Snapshots.ReadDatabaseAsync(snapshot, cancellation).ConfigureAwait(false))
            yield return piece;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await _replica.StopAsync().ConfigureAwait(false);
        // Makes the next start quick; the log would make up for it.
        if (!_context.Fatal.HasHappened)
            await _replica.Commits.TryCommitAsync().ConfigureAwait(false);
        const string Reason = "the storage replica is stopping";
        _context.Results.Break(Reason);
        var reason = new ObjectDisposedException(nameof(StorageService), Reason);
        _context.Applied.End(reason);
        _context.Swept.End(reason);
        _replica.End(Reason);
        await _replica.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private Replica Current => Volatile.Read(ref _replica);

    private (long FileBytes, long InUseBytes) Size
    {
        get
        {
            var owner = Current.Owner;
            lock (owner.Lock)
                return owner.Tree.Size;
        }
    }

    private bool IsApplied(LogIndex index) => _state.Current.AppliedIndex >= index;

    private async Task RunAsync()
    {
        try
        {
            // Ends when the service stops, or after a fatal error.
            while (await _replica.Start().WaitAsync(_stopping.Token).ConfigureAwait(false) is { } first)
            {
                if (_installer is null || _replica.CreateIncoming is not { } createFile)
                {
                    _context.Fatal.Stop(WhyUnrecoverable(first), new LogCompactedException(first));
                    return;
                }
                var atLeast = new LogIndex(first.Value - 1);
                StorageLog.SnapshotNeeded(_context.Logger, first.Value, _state.Current.AppliedIndex.Value, atLeast.Value);
                _missing = first;
                Metrics.SnapshotsBeingInstalled.Value = 1;
                var received = await _installer.ReceiveAsync(createFile, atLeast, _stopping.Token).ConfigureAwait(false);
                Metrics.ReceiveSeconds.Observe(received.Took.TotalSeconds);
                await InstallAsync(received).ConfigureAwait(false);
                Metrics.SnapshotsBeingInstalled.Value = 0;
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Told to stop; what was being received is gone, and the next start fetches again.
        }
        catch (NoPeersException exception)
        {
            _context.Fatal.Stop(WhyUnrecoverable(_missing), exception);
        }
#pragma warning disable CA1031 // It is not known which data file is in place.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _context.Fatal.Stop("installing a snapshot failed", exception);
        }
    }

    private string WhyUnrecoverable(LogIndex first) =>
        $"the log no longer holds what this replica has to apply next: it begins at index {first}, and index {_state.Current.AppliedIndex} is applied here"
        + (_keptDamagedFile is { } kept ? $"; the data file was damaged and is kept as {kept}" : "")
        + "; there is no other replica to get the state from: restore a snapshot with \"standalone snapshot restore\"";

    private async Task InstallAsync(SnapshotInstaller.Received received)
    {
        received.File.PutInPlace();
        var old = _replica;
        await old.StopAsync().ConfigureAwait(false);
        // Nobody else publishes now. Readers move on at once; those still at work on the old file finish there.
        Volatile.Write(ref _replica, new Replica(_context, received.File.Data, received.Machine));
        _replica.Owner.Publish();
        _context.Applied.Wake(_state.Current.AppliedIndex);
        _context.Swept.Wake(received.Machine.Sweep.SweptRevision);
        _context.Signal.Set();
        _context.SizeChanged.Raise();
        const string Reason = "a snapshot was installed";
        _context.Results.Break(Reason);
        old.End(Reason);
        await old.DisposeAsync().ConfigureAwait(false);
        StorageLog.SnapshotInstalled(
            _context.Logger, _state.Current.AppliedIndex.Value, _state.Current.Revision, received.Bytes, received.Took.TotalMilliseconds);
    }

    /// <summary>A snapshot of a commit that holds everything applied by now.</summary>
    private async ValueTask<(Replica Replica, ITreeSnapshot Snapshot)> OpenFreshAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var replica = Current;
            try
            {
                await replica.Commits.CommittedAsync(_state.Current.AppliedIndex, cancellation).ConfigureAwait(false);
                return (replica, replica.Owner.Tree.OpenSnapshot());
            }
            catch (TreeClosedException) when (!_stopping.IsCancellationRequested)
            {
                // Another data file is in place by now.
            }
            catch (TreeClosedException)
            {
                throw new SnapshotAbortedException("the storage replica is stopping");
            }
        }
    }

    private T Timed<TArguments, T>(Histogram seconds, TArguments arguments, Func<TArguments, T> read)
    {
        var start = Stopwatch.GetTimestamp();
        var result = _reads.Run(arguments, read);
        seconds.ObserveSince(start);
        return result;
    }

    private ReadResult Range(ReadOnlyMemory<byte> request, Caller caller, long began)
    {
        Metrics.Ranges.Increment();
        using var activity = Activity.Current is null ? null : StorageTelemetry.Spans.StartActivity("storage.range");
        var result = _reads.Run((_state, request, caller), static read => StateReads.Range(read._state, read.request.Span, read.caller));
        _slowReads.NoteRange(began, request.Span, result);
        return result;
    }

    private ReadResult Txn(ReadOnlyMemory<byte> request, Caller caller, long began)
    {
        using var activity = Activity.Current is null ? null : StorageTelemetry.Spans.StartActivity("storage.range");
        var (result, operations) = _reads.Run((_state, request, caller), static read => (StateReads.Txn(read._state, read.request.Span, out var count, read.caller), count));
        Metrics.Ranges.Add(operations);
        if (operations > 1)
            Metrics.Transactions.Increment();
        _slowReads.NoteTxn(began, request.Length, operations, result);
        return result;
    }
}
