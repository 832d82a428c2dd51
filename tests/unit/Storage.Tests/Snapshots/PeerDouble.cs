using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace Storage.Tests.Snapshots;

/// <summary>A peer that gives the snapshots of a replica, with something wrong at the chunk of a number.</summary>
internal sealed class PeerDouble(IStorage replica, Func<int, SnapshotChunk, ValueTask<SnapshotChunk?>>? change = null) : IStorage
{
    /// <summary>How often it was asked.</summary>
    public int Asked { get; private set; }

    public async IAsyncEnumerable<SnapshotChunk> SnapshotAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        Asked++;
        var number = 0;
        await foreach (var chunk in replica.SnapshotAsync(cancellation))
        {
            if (change is null)
                yield return chunk;
            else if (await change(number++, chunk) is { } changed)
                yield return changed;
            else
                yield break;
        }
    }

    public IAsyncEnumerable<DatabasePiece> DatabaseAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation) => throw new NotSupportedException();

    public IAsyncEnumerable<LeaseBatch> LeasesAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask DefragmentAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask SweptAsync(long revision, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<uint> HashAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation) => throw new NotSupportedException();
}
