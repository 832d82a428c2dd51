using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>A storage replica over gRPC. Thread-safe. A lost replica shows as <see cref="RpcException"/> (reads, feeds) or OnBroken (results).</summary>
public sealed class StorageClient : IStorage, IDisposable
{
    private readonly Wire.Storage.StorageClient _stub;
    private readonly GrpcChannel? _ownedChannel;
    private ReadStream? _reads;
    private bool _disposed;

    /// <summary>Uses a channel that the caller owns.</summary>
    public StorageClient(ChannelBase channel) => _stub = new Wire.Storage.StorageClient(channel);

    private StorageClient(GrpcChannel owned) : this((ChannelBase)owned) => _ownedChannel = owned;

    /// <summary>Connects to one replica, for example <c>http://storage:8080</c>.</summary>
    public static StorageClient Connect(string address) => new(
        GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null }));

    /// <summary>Blocks until the replica has confirmed; see <see cref="ResultSubscription.Establish"/>.</summary>
    public IDisposable SubscribeResults(SessionId session, IResultSink sink)
    {
        var subscription = new ResultSubscription(_stub, session, sink);
        subscription.Establish();
        return subscription;
    }

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, CancellationToken cancellation) =>
        Reads.ReadAsync(
            new Wire.ReadRequest { MinApplied = minApplied.Value, Range = UnsafeByteOperations.UnsafeWrap(rangeRequest) }, cancellation);

    public ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, CancellationToken cancellation) =>
        Reads.ReadAsync(new Wire.ReadRequest { MinApplied = minApplied.Value, Txn = UnsafeByteOperations.UnsafeWrap(txnRequest) }, cancellation);

    public ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation) =>
        Reads.ReadAsync(
            new Wire.ReadRequest
            {
                MinApplied = minApplied.Value,
                V2 = new Wire.GetV2 { Path = path, Recursive = recursive, Sorted = sorted, NowUnixNanos = nowUnixNanos },
            },
            cancellation);

    public async IAsyncEnumerable<FeedBatch> FeedAsync(
        KeySpace space, long fromRevision, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = _stub.Feed(new Wire.FeedRequest { Space = (uint)space, FromRevision = fromRevision }, cancellationToken: cancellation);
        await foreach (var batch in ReadAllAsync(call.ResponseStream, cancellation).ConfigureAwait(false))
        {
            if (batch.Compacted != 0)
                throw new RevisionCompactedException(batch.Compacted);
            yield return batch.FromWire();
        }
    }

    public async ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation)
    {
        var request = new Wire.HistoryRequest
        {
            Space = (uint)space,
            Key = UnsafeByteOperations.UnsafeWrap(key),
            RangeEnd = UnsafeByteOperations.UnsafeWrap(rangeEnd),
            FromRevision = fromRevision,
            ToRevision = toRevision,
            MaxBytes = maxBytes,
        };
        return (await _stub.HistoryAsync(request, cancellationToken: cancellation).ConfigureAwait(false)).FromWire();
    }

    public async IAsyncEnumerable<LeaseBatch> LeasesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = _stub.Leases(new Wire.LeasesRequest(), cancellationToken: cancellation);
        await foreach (var batch in ReadAllAsync(call.ResponseStream, cancellation).ConfigureAwait(false))
            yield return batch.FromWire();
    }

    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(
        long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        var request = new Wire.LeaseKeysRequest { Lease = leaseId, MinApplied = minApplied.Value };
        var response = await _stub.LeaseKeysAsync(request, cancellationToken: cancellation).ConfigureAwait(false);
        return response.Found ? [.. response.Keys.Select(static key => key.Memory)] : null;
    }

    public async ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation) =>
        (await _stub.StatusAsync(new Wire.StatusRequest(), cancellationToken: cancellation).ConfigureAwait(false)).FromWire();

    public async ValueTask SweptAsync(long revision, CancellationToken cancellation) =>
        await _stub.SweptAsync(new Wire.SweptRequest { Revision = revision }, cancellationToken: cancellation).ConfigureAwait(false);

    public async ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation)
    {
        var response = await _stub.HashKvAsync(new Wire.HashKvRequest { Revision = revision }, cancellationToken: cancellation).ConfigureAwait(false);
        return new HashResult(
            (StorageError)response.Error, response.Hash, response.CompactRevision, response.HashRevision, response.CurrentRevision,
            new Term(response.Term));
    }

    public void Dispose()
    {
        _disposed = true;
        Interlocked.Exchange(ref _reads, null)?.Break("the client is closed");
        _ownedChannel?.Dispose();
    }

    private ReadStream Reads
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            while (true)
            {
                var current = Volatile.Read(ref _reads);
                if (current is { IsBroken: false })
                    return current;
                var fresh = new ReadStream(_stub);
                if (Interlocked.CompareExchange(ref _reads, fresh, current) == current)
                    return fresh;
                fresh.Break("another stream was opened first");
            }
        }
    }

    // Cancellation shows as such, whatever the transport makes of it.
    private static async IAsyncEnumerable<T> ReadAllAsync<T>(
        IAsyncStreamReader<T> stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                if (!await stream.MoveNext(cancellation).ConfigureAwait(false))
                    yield break;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException(exception.Message, exception, cancellation);
            }
            yield return stream.Current;
        }
    }
}
