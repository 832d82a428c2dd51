using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Liveness;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace Storage.Client;

/// <summary>A storage replica over gRPC. Thread-safe. A lost replica shows as <see cref="RpcException"/> (reads, feeds) or OnBroken (results).</summary>
public sealed class StorageClient : IStorage, IDisposable
{
    private readonly Wire.Storage.StorageClient _stub;
    private readonly GrpcChannel? _ownedChannel;
    private readonly StorageClientOptions _options;
    private readonly TimeProvider _time;
    private ReadStream? _reads;
    private bool _disposed;

    /// <summary>Uses a channel that the caller owns.</summary>
    public StorageClient(ChannelBase channel, StorageClientOptions? options = null, TimeProvider? time = null)
    {
        _stub = new Wire.Storage.StorageClient(channel);
        _options = options ?? new StorageClientOptions();
        _time = time ?? TimeProvider.System;
    }

    private StorageClient(GrpcChannel owned, StorageClientOptions? options) : this((ChannelBase)owned, options) => _ownedChannel = owned;

    /// <summary>Uses a channel that it disposes in the end.</summary>
    public static StorageClient Owning(GrpcChannel channel, StorageClientOptions? options = null) => new(channel, options);

    /// <summary>Connects to one replica, for example <c>http://storage:8080</c>.</summary>
    public static StorageClient Connect(string address, StorageClientOptions? options = null) => new(
        GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new TrafficHandler(new SocketsHttpHandler { EnableMultipleHttp2Connections = true }),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        }),
        options);

    public async ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation)
    {
        var subscription = new ResultSubscription(_stub, session, sink, _options, _time);
        await subscription.EstablishAsync(cancellation).ConfigureAwait(false);
        return subscription;
    }

    public ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) =>
        Reads.ReadAsync(
            new Wire.ReadRequest { MinApplied = minApplied.Value, Range = UnsafeByteOperations.UnsafeWrap(rangeRequest), Caller = caller.ToWire() },
            cancellation);

    public ValueTask<ReadResult> ReadOnlyTxnAsync(
        ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation) => Reads.ReadAsync(
            new Wire.ReadRequest { MinApplied = minApplied.Value, Txn = UnsafeByteOperations.UnsafeWrap(txnRequest), Caller = caller.ToWire() },
            cancellation);

    public ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation) =>
        Reads.ReadAsync(
            new Wire.ReadRequest { MinApplied = minApplied.Value, Access = request.ToWire(), Caller = caller.ToWire() }, cancellation);

    public async ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation) =>
        (await _stub.AuthAsync(new Wire.AuthRequest { User = user, MinApplied = minApplied.Value }, cancellationToken: cancellation)
            .ConfigureAwait(false)).FromWire();

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
        using var watch = new WatchedStream(_options.EstablishLimit, _options.SilenceLimit, _time, cancellation);
        var request = new Wire.FeedRequest { Space = (uint)space, FromRevision = fromRevision };
        using var call = watch.Open(ended => _stub.Feed(request, cancellationToken: ended));
        while (await watch.MoveNextAsync(call.ResponseStream).ConfigureAwait(false))
        {
            var batch = call.ResponseStream.Current;
            if (batch.Beat)
                continue;
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
        using var watch = new WatchedStream(_options.EstablishLimit, _options.SilenceLimit, _time, cancellation);
        using var call = watch.Open(ended => _stub.Leases(new Wire.LeasesRequest(), cancellationToken: ended));
        while (await watch.MoveNextAsync(call.ResponseStream).ConfigureAwait(false))
        {
            if (!call.ResponseStream.Current.Beat)
                yield return call.ResponseStream.Current.FromWire();
        }
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

    public async ValueTask<AppliedTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation)
    {
        var response = await _stub.TimesAsync(new Wire.TimesRequest { Index = index.Value }, cancellationToken: cancellation).ConfigureAwait(false);
        return response.Known ? new AppliedTimes(new(response.WaitedTicks), new(response.AppliedTicks)) : null;
    }

    public async ValueTask SweptAsync(long revision, CancellationToken cancellation) =>
        await _stub.SweptAsync(new Wire.SweptRequest { Revision = revision }, cancellationToken: cancellation).ConfigureAwait(false);

    public async ValueTask DefragmentAsync(CancellationToken cancellation) =>
        await _stub.DefragmentAsync(new Wire.DefragmentRequest(), cancellationToken: cancellation).ConfigureAwait(false);

    public async ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation)
    {
        var response = await _stub.HashKvAsync(new Wire.HashKvRequest { Revision = revision }, cancellationToken: cancellation).ConfigureAwait(false);
        return new HashResult(
            (StorageError)response.Error, response.Hash, response.CompactRevision, response.HashRevision, response.CurrentRevision,
            new Term(response.Term));
    }

    public async ValueTask<uint> HashAsync(CancellationToken cancellation) =>
        (await _stub.HashAsync(new Wire.HashRequest(), cancellationToken: cancellation).ConfigureAwait(false)).Hash;

    public async IAsyncEnumerable<SnapshotChunk> SnapshotAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var watch = WatchSnapshot(cancellation);
        using var call = watch.Open(ended => _stub.Snapshot(new Wire.SnapshotRequest(), cancellationToken: ended));
        while (await MoveSnapshotAsync(watch, call.ResponseStream).ConfigureAwait(false))
            yield return call.ResponseStream.Current.FromWire();
    }

    public async IAsyncEnumerable<DatabasePiece> DatabaseAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var watch = WatchSnapshot(cancellation);
        using var call = watch.Open(ended => _stub.Database(new Wire.DatabaseRequest(), cancellationToken: ended));
        while (await MoveSnapshotAsync(watch, call.ResponseStream).ConfigureAwait(false))
            yield return new DatabasePiece(call.ResponseStream.Current.RemainingBytes, call.ResponseStream.Current.Bytes.Memory);
    }

    // A snapshot has no beats: its first piece waits for a tree commit. Who receives it has a limit of its own.
    private WatchedStream WatchSnapshot(CancellationToken cancellation) => new(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, _time, cancellation);

    private static async ValueTask<bool> MoveSnapshotAsync<T>(WatchedStream watch, IAsyncStreamReader<T> stream)
        where T : class
    {
        try
        {
            return await watch.MoveNextAsync(stream).ConfigureAwait(false);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Aborted)
        {
            throw new SnapshotAbortedException(exception.Status.Detail);
        }
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
}
