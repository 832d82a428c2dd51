using System.Diagnostics;
using System.Text;
using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Core.V2;
using Storage.Host.Service;

namespace Storage.Host;

/// <summary>One storage replica: the state machine in its shell. Thread-safe.</summary>
/// <remarks>Reads work on the published view, on the caller's thread, and never wait for applies unless they ask to.</remarks>
public sealed class StorageService : IStorage, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly StateOwner _owner;
    private readonly PublishedState _state;
    private readonly ResultRouter _results = new();
    private readonly AppliedWaiters _waiters;
    private readonly SweepWaiters _sweepWaiters;
    private readonly ViewSignal _signal;
    private readonly Feeds _feeds;
    private readonly CommitLoop _commits;
    private readonly SweepLoop _sweeps;
    private readonly ApplyLoop _applies;
    private readonly FatalHandler _fatal;
    private readonly IDisposable? _data;
    private Task _loops = Task.CompletedTask;

    /// <summary>Rebuilds the state from the tree. Nothing is applied before <see cref="Start"/>.</summary>
    /// <param name="consensus">Where committed entries come from.</param>
    /// <param name="data">The opened data file; disposed with the service.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">Clock of intervals and delays.</param>
    /// <param name="logger">Where the service logs.</param>
    /// <param name="stopProcess">Called once when the replica must not go on.</param>
    public StorageService(
        IConsensus consensus, StorageData data, StorageOptions options, TimeProvider time, ILogger<StorageService> logger,
        Action<string, Exception> stopProcess)
    {
        _data = data.Owned;
        _fatal = new FatalHandler(logger, stopProcess);
        _owner = new StateOwner(StateMachine.Open(data.Tree, options.State), data.Tree, data.Device);
        _state = _owner.Published;
        _waiters = new AppliedWaiters(_state);
        _signal = new ViewSignal(_state);
        _feeds = new Feeds(_state, _signal, _fatal);
        _sweepWaiters = new SweepWaiters(_owner.Machine.Sweep.SweptRevision);
        _commits = new CommitLoop(consensus, _owner, _sweepWaiters, options, time, _fatal, logger);
        _sweeps = new SweepLoop(_owner, _commits, _sweepWaiters, _fatal, logger);
        _applies = new ApplyLoop(consensus, _owner, _results, _waiters, _signal, _commits, _sweeps, time, _fatal, logger);
        StorageLog.Rebuilt(logger, _state.Current.AppliedIndex.Value, _state.Current.Revision, _state.Current.Keys.Count);
    }

    /// <summary>Starts to apply, commit and sweep.</summary>
    public void Start()
    {
        if (_owner.Machine.Sweep.IsPending)
            _sweeps.Pending.Raise();
        _loops = Task.WhenAll(
            Task.Run(() => _applies.RunAsync(_stopping.Token)),
            Task.Run(() => _commits.RunAsync(_stopping.Token)),
            Task.Run(() => _sweeps.RunAsync(_stopping.Token)));
    }

    public IDisposable SubscribeResults(SessionId session, IResultSink sink) => _results.Subscribe(session, sink);

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, CancellationToken cancellation)
    {
        return IsApplied(minApplied) ? ValueTask.FromResult(Range(rangeRequest)) : WaitedAsync();

        async ValueTask<ReadResult> WaitedAsync()
        {
            await _waiters.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
            return Range(rangeRequest);
        }
    }

    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, CancellationToken cancellation)
    {
        return IsApplied(minApplied) ? ValueTask.FromResult(Txn(txnRequest)) : WaitedAsync();

        async ValueTask<ReadResult> WaitedAsync()
        {
            await _waiters.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
            return Txn(txnRequest);
        }
    }

    public async ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!IsApplied(minApplied))
            await _waiters.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
        return StateReads.V2(_state, path, recursive, nowUnixNanos); // children always come sorted
    }

    public IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation) =>
        _feeds.RevisionsAsync(space, fromRevision, cancellation);

    public ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation)
    {
        try
        {
            return ValueTask.FromResult(space == KeySpace.V3
                ? HistoryReader.Read(_state, new KeyRange(key.Span, rangeEnd.Span), fromRevision, toRevision, maxBytes)
                : V2History.Read(
                    _state, Encoding.UTF8.GetString(key.Span), rangeEnd.IsEmpty ? V2History.Scope.Node : V2History.Scope.Subtree,
                    fromRevision, toRevision, maxBytes));
        }
        catch (Exception exception) when (_fatal.ObserveCorruption(exception))
        {
            throw;
        }
    }

    public IAsyncEnumerable<LeaseBatch> LeasesAsync(CancellationToken cancellation) => _feeds.LeasesAsync(cancellation);

    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(
        long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!IsApplied(minApplied))
            await _waiters.WaitAsync(minApplied, cancellation).ConfigureAwait(false);
        return _state.Current.Leases.KeysOf(leaseId)?.ConvertAll(static key => (ReadOnlyMemory<byte>)key);
    }

    public ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation)
    {
        var view = _state.Current;
        long fileBytes, inUse;
        lock (_owner.Lock)
            (fileBytes, inUse) = _owner.Tree.Size;
        return ValueTask.FromResult(new StorageStatus(
            view.AppliedIndex, view.AppliedTerm, _commits.Durable, view.Revision, view.CompactRevision, view.V2.Index, fileBytes, inUse, view.Alarms));
    }

    public ValueTask SweptAsync(long revision, CancellationToken cancellation)
    {
        var swept = _sweepWaiters.WaitAsync(revision, cancellation);
        // The sweep itself may be over already, and only its commit to come.
        if (!swept.IsCompleted)
            _commits.Urgent.Raise();
        return swept;
    }

    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation)
    {
        try
        {
            return ValueTask.FromResult(StateReads.Hash(_state, revision));
        }
        catch (Exception exception) when (_fatal.ObserveCorruption(exception))
        {
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        // Makes the next start quick; the log would make up for it.
        if (!_fatal.HasHappened)
            await _commits.TryCommitAsync(CancellationToken.None).ConfigureAwait(false);
        _results.Break("the storage replica is stopping");
        var reason = new ObjectDisposedException(nameof(StorageService), "the storage replica is stopping");
        _waiters.End(reason);
        _sweepWaiters.End(reason);
        _data?.Dispose();
        _stopping.Dispose();
    }

    private bool IsApplied(LogIndex index) => _state.Current.AppliedIndex >= index;

    private ReadResult Range(ReadOnlyMemory<byte> request)
    {
        using var activity = Activity.Current is null ? null : StorageTelemetry.Spans.StartActivity("storage.range");
        try
        {
            return StateReads.Range(_state, request.Span);
        }
        catch (Exception exception) when (_fatal.ObserveCorruption(exception))
        {
            throw;
        }
    }

    private ReadResult Txn(ReadOnlyMemory<byte> request)
    {
        using var activity = Activity.Current is null ? null : StorageTelemetry.Spans.StartActivity("storage.range");
        try
        {
            return StateReads.Txn(_state, request.Span);
        }
        catch (Exception exception) when (_fatal.ObserveCorruption(exception))
        {
            throw;
        }
    }
}
