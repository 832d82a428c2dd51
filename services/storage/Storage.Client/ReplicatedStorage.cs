using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Grpc.Core;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace Storage.Client;

/// <summary>
/// Several replicas as one. All calls go to one of them until it fails or stalls, then to the next. Reads are repeated there, unnoticed; streams end,
/// and whoever opens them again gets the next replica. Thread-safe.
/// </summary>
/// <remarks>Reads are idempotent and say how much must be applied, so any replica may answer, even two at once.</remarks>
public sealed partial class ReplicatedStorage : IStorage, IDisposable
{
    // Spreads neighbouring ids over the replicas (Fibonacci hashing).
    private const ulong Spread = 0x9E3779B97F4A7C15;

    // Replaced whole, and never gets shorter: a place stays valid. What it holds may be replaced by another replica.
    private IStorage[] _replicas;
    private readonly ReplicatedStorageOptions _options;
    private readonly TimeProvider _time;
    private int _preferred;
    private ReplicaDiscovery? _discovery;

    // Log index up to which a consumer of the lease feed was told everything.
    private ulong _leasesFed;

    /// <summary>Over clients that this one owns from here on.</summary>
    /// <param name="replicas">At least one.</param>
    /// <param name="holder">Who uses it, such as the process's random id: decides which replica comes first, so that not all gateways choose the same.</param>
    /// <param name="options">Its patience.</param>
    /// <param name="time">Its clock.</param>
    public ReplicatedStorage(IReadOnlyList<IStorage> replicas, ulong holder, ReplicatedStorageOptions? options = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(replicas.Count);
        _replicas = [.. replicas];
        _options = options ?? new ReplicatedStorageOptions();
        _time = time ?? TimeProvider.System;
        _preferred = _options.First is { } first ? first % replicas.Count : (int)((holder * Spread >> 32) % (uint)replicas.Count);
    }

    /// <summary>Place of the replica that the next call goes to.</summary>
    public int Preferred => Volatile.Read(ref _preferred);

    /// <summary>Has its replicas looked up from here on.</summary>
    internal void Follow(ReplicaDiscovery discovery) => (_discovery, _) = (discovery, discovery.RunAsync(_options.DiscoveryInterval, _time));

    /// <summary>How many replicas it knows or knew.</summary>
    internal int Places => Replicas.Length;

    private IStorage[] Replicas => Volatile.Read(ref _replicas);

    /// <summary>One more replica, which is used when the ones before it fail, or after <see cref="MoveAsync"/>; returns its place. For one caller at a time.</summary>
    internal int Add(IStorage replica)
    {
        Volatile.Write(ref _replicas, [.. _replicas, replica]);
        return _replicas.Length - 1;
    }

    /// <summary>Puts a replica in the place of one that is gone for good, and disposes that one. For one caller at a time.</summary>
    internal void Replace(int place, IStorage replica)
    {
        var gone = _replicas[place];
        IStorage[] replicas = [.. _replicas];
        replicas[place] = replica;
        Volatile.Write(ref _replicas, replicas);
        (gone as IDisposable)?.Dispose();
    }

    /// <summary>Moves to a replica once it has applied what the present one has; stays when the present one is left meanwhile.</summary>
    /// <exception cref="OperationCanceledException">It did not catch up within <see cref="ReplicatedStorageOptions.CatchUpLimit"/>, or the caller cancelled.</exception>
    internal async ValueTask MoveAsync(int place, CancellationToken cancellation)
    {
        var from = Preferred;
        if (from == place)
            return;
        using var patience = new CancellationTokenSource(_options.CatchUpLimit, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var applied = (await Replicas[from].GetStatusAsync(linked.Token).ConfigureAwait(false)).AppliedIndex;
        await Replicas[place].LeaseKeysAsync(0, applied, linked.Token).ConfigureAwait(false);
        Prefer(place, insteadOf: from);
    }

    public ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation)
    {
        var at = Preferred;
        return Replicas[at].SubscribeResultsAsync(session, new LeavingSink(this, at, sink), cancellation);
    }

    public ValueTask<ReadResult> RangeAsync(
        ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => ReadAsync(
            (rangeRequest, minApplied, caller),
            static (replica, read, cancellation) => replica.RangeAsync(read.rangeRequest, read.minApplied, read.caller, cancellation), cancellation);

    public ValueTask<ReadResult> ReadOnlyTxnAsync(
        ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => ReadAsync(
            (txnRequest, minApplied, caller),
            static (replica, read, cancellation) => replica.ReadOnlyTxnAsync(read.txnRequest, read.minApplied, read.caller, cancellation), cancellation);

    public ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation) => ReadAsync(
        (request, minApplied, caller),
        static (replica, read, cancellation) => replica.AuthorizeAsync(read.request, read.minApplied, read.caller, cancellation), cancellation);

    public ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation) => ReadAsync(
        (user, minApplied), static (replica, read, cancellation) => replica.GetAuthAsync(read.user, read.minApplied, cancellation), cancellation);

    public ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation) => ReadAsync(
            (path, recursive, sorted, nowUnixNanos, minApplied),
            static (replica, read, cancellation) => replica.GetV2Async(
                read.path, read.recursive, read.sorted, read.nowUnixNanos, read.minApplied, cancellation),
            cancellation);

    public ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation) => ReadAsync(
            (space, key, rangeEnd, fromRevision, toRevision, maxBytes),
            static (replica, read, cancellation) => replica.HistoryAsync(
                read.space, read.key, read.rangeEnd, read.fromRevision, read.toRevision, read.maxBytes, cancellation),
            cancellation);

    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) => ReadAsync(
        (leaseId, minApplied),
        static (replica, read, cancellation) => replica.LeaseKeysAsync(read.leaseId, read.minApplied, cancellation), cancellation);

    public ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation) =>
        ReadAsync(0, static (replica, _, cancellation) => replica.GetStatusAsync(cancellation), cancellation);

    /// <summary>Asks the replica whose results are taken, and no other one: what it does not know is not worth a search.</summary>
    public ValueTask<AppliedTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation) => Replicas[Preferred].GetTimesAsync(index, cancellation);

    public async ValueTask SweptAsync(long revision, CancellationToken cancellation) => await ReadAsync(
        revision,
        static async (replica, revision, cancellation) =>
        {
            await replica.SweptAsync(revision, cancellation).ConfigureAwait(false);
            return true;
        },
        cancellation).ConfigureAwait(false);

    /// <summary>Asks every replica, as each has a file of its own. One that cannot be asked fails the call; the others go on all the same.</summary>
    public async ValueTask DefragmentAsync(CancellationToken cancellation) =>
        await Task.WhenAll(_replicas.Select(replica => replica.DefragmentAsync(cancellation).AsTask())).ConfigureAwait(false);

    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation) =>
        ReadAsync(revision, static (replica, revision, cancellation) => replica.HashKvAsync(revision, cancellation), cancellation);

    /// <summary>Of the preferred replica, or of the one that answers in its place.</summary>
    public ValueTask<uint> HashAsync(CancellationToken cancellation) =>
        ReadAsync(0, static (replica, _, cancellation) => replica.HashAsync(cancellation), cancellation);

    public IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation) =>
        StreamAsync((space, fromRevision), static (replica, feed, cancellation) => replica.FeedAsync(feed.space, feed.fromRevision, cancellation), cancellation);

    public async IAsyncEnumerable<LeaseBatch> LeasesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await CatchUpAsync(new LogIndex(Volatile.Read(ref _leasesFed)), cancellation).ConfigureAwait(false);
        await foreach (var batch in StreamAsync(0, static (replica, _, cancellation) => replica.LeasesAsync(cancellation), cancellation).ConfigureAwait(false))
        {
            if (batch.AppliedIndex.Value > Volatile.Read(ref _leasesFed))
                Volatile.Write(ref _leasesFed, batch.AppliedIndex.Value);
            yield return batch;
        }
    }

    public IAsyncEnumerable<SnapshotChunk> SnapshotAsync(CancellationToken cancellation) =>
        StreamAsync(0, static (replica, _, cancellation) => replica.SnapshotAsync(cancellation), cancellation);

    public IAsyncEnumerable<DatabasePiece> DatabaseAsync(CancellationToken cancellation) =>
        StreamAsync(0, static (replica, _, cancellation) => replica.DatabaseAsync(cancellation), cancellation);

    public void Dispose()
    {
        _discovery?.Dispose();
        foreach (var replica in Replicas)
            (replica as IDisposable)?.Dispose();
    }

    // Expected outcomes are values: what else a replica throws is its own failure, and another may do better.
    internal static bool IsReplicaFailure(Exception exception) =>
        exception is RpcException or IOException or HttpRequestException or TimeoutException or ObjectDisposedException;

    // To the next one, unless someone has moved already.
    private void Leave(int replica) => Prefer((replica + 1) % Replicas.Length, insteadOf: replica);

    private void Prefer(int replica, int insteadOf) => Interlocked.CompareExchange(ref _preferred, replica, insteadOf);

    private async IAsyncEnumerable<T> StreamAsync<TArguments, T>(
        TArguments arguments, Func<IStorage, TArguments, CancellationToken, IAsyncEnumerable<T>> open,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var at = Preferred;
        await using var stream = open(Replicas[at], arguments, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await stream.MoveNextAsync().ConfigureAwait(false))
                    break;
            }
            catch (Exception exception) when (IsReplicaFailure(exception) && !cancellation.IsCancellationRequested)
            {
                Leave(at);
                throw;
            }
            yield return stream.Current;
        }
    }

    private async ValueTask CatchUpAsync(LogIndex fed, CancellationToken cancellation)
    {
        if (fed.Value == 0)
            return;
        var at = Preferred;
        try
        {
            await Replicas[at].LeaseKeysAsync(0, fed, cancellation).AsTask().WaitAsync(_options.CatchUpLimit, _time, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsReplicaFailure(exception) && !cancellation.IsCancellationRequested)
        {
            Leave(at);
            throw;
        }
    }

    /// <summary>A subscription that has ended is opened again at the next replica.</summary>
    private sealed class LeavingSink(ReplicatedStorage owner, int replica, IResultSink sink) : IResultSink
    {
        public void OnResults(ReadOnlySpan<CommandResult> results) => sink.OnResults(results);

        public void OnBroken(string reason)
        {
            owner.Leave(replica);
            sink.OnBroken(reason);
        }
    }
}
