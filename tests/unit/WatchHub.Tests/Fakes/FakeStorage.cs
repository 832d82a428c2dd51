using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace WatchHub.Tests.Fakes;

/// <summary>The feeds and the history of a storage replica, from a list. Everything else is not asked by a hub.</summary>
internal sealed class FakeStorage : IStorage
{
    private readonly Lock _gate = new();
    private readonly List<RevisionEvents>[] _history = [[], []];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _connectionBroken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Compacted { get; private set; }

    /// <summary>The replica cannot be reached: feeds do not open, history cannot be read. Those that are open stay.</summary>
    public bool IsAway { get; set; }

    public long Append(KeySpace space, Func<long, RevisionEvents> make)
    {
        lock (_gate)
        {
            var revision = Current(space) + 1;
            _history[(int)space].Add(make(revision));
            Changed();
            return revision;
        }
    }

    public void Compact(long revision)
    {
        lock (_gate)
        {
            Compacted = revision;
            Changed();
        }
    }

    /// <summary>Every open feed throws.</summary>
    public void BreakFeeds()
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _connectionBroken, next).SetResult();
    }

    public async IAsyncEnumerable<FeedBatch> FeedAsync(
        KeySpace space, long fromRevision, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var broken = _connectionBroken.Task;
        ThrowIfAway();
        var next = fromRevision;
        while (true)
        {
            Task changed;
            FeedBatch batch;
            lock (_gate)
            {
                changed = _changed.Task;
                batch = new FeedBatch(
                    [.. _history[(int)space].Where(one => one.Revision >= next)], Current(space), space == KeySpace.V3 ? Compacted : 0, Feeds.Term);
                next = Current(space) + 1;
            }
            yield return batch;
            await Task.WhenAny(changed, broken).WaitAsync(cancellation);
            if (broken.IsCompleted)
                throw new IOException("the connection to the replica broke");
        }
    }

    public ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation)
    {
        ThrowIfAway();
        lock (_gate)
            return new(space == KeySpace.V3 && fromRevision < Compacted
                ? new HistoryBatch([], fromRevision, Compacted)
                : new HistoryBatch(
                    [.. _history[(int)space].Where(one => one.Revision >= fromRevision && one.Revision < toRevision)], toRevision, 0));
    }

    public ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation)
    {
        lock (_gate)
            return new(new StorageStatus(
                new LogIndex(1), Feeds.Term, new LogIndex(1), Current(KeySpace.V3), Compacted, Current(KeySpace.V2), 0, 0, []));
    }

    public ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ReadResult> GetV2Async(string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();
    public IAsyncEnumerable<LeaseBatch> LeasesAsync(CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask DefragmentAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask SweptAsync(long revision, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<uint> HashAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<SnapshotChunk> SnapshotAsync(CancellationToken cancellation) => throw new NotSupportedException();
    public IAsyncEnumerable<DatabasePiece> DatabaseAsync(CancellationToken cancellation) => throw new NotSupportedException();

    private void ThrowIfAway()
    {
        if (IsAway)
            throw new IOException("the replica is away");
    }

    private long Current(KeySpace space) =>
        _history[(int)space] is [.., var last] ? last.Revision : space == KeySpace.V3 ? 1 : 0;

    private void Changed()
    {
        var before = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        before.SetResult();
    }
}
