using Consensus.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Host.Grpc;

/// <summary>The contract's gRPC binding on the replica's side.</summary>
/// <param name="storage">The replica.</param>
/// <param name="options">How often idle streams beat; the default where a process registers none.</param>
/// <param name="time">The beats' clock; the system's where a process registers none.</param>
/// <param name="lifetime">When the process stops; never where there is none.</param>
public sealed class StorageGrpcService(
    IStorage storage, StorageOptions? options = null, TimeProvider? time = null, IHostApplicationLifetime? lifetime = null) : Client.Wire.Storage.StorageBase
{
    private static readonly Client.Wire.ResultBatch s_noResults = new();
    private static readonly Client.Wire.FeedBatch s_feedBeat = new() { Beat = true };
    private static readonly Client.Wire.LeaseBatch s_leaseBeat = new() { Beat = true };

    private readonly TimeSpan _beatInterval = (options ?? new StorageOptions()).BeatInterval;
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    // A replica knows; a proxy of others, which has no tail of its own, leaves that to them.
    private readonly Func<bool> _isCutOff = storage is StorageService replica ? () => replica.IsCutOff : static () => false;

    public override async Task SubscribeResults(
        Client.Wire.SubscribeResultsRequest request, IServerStreamWriter<Client.Wire.ResultBatch> responseStream, ServerCallContext context)
    {
        var results = new ResultStream();
        using var ending = EndOf(context);
        using var beats = OpenBeats();
        using var subscription = await storage.SubscribeResultsAsync(new SessionId(request.Session), results, ending.Token).ConfigureAwait(false);
        // The headers are the confirmation, so they go out now and not with the first result.
        await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
        try
        {
            while (true)
            {
                var next = results.NextAsync(ending.Token);
                var batch = next.IsCompletedSuccessfully
                    ? next.Result
                    : await BeatingStream.BeatUntilAsync(next.AsTask(), s_noResults, beats, responseStream, ending).ConfigureAwait(false);
                await responseStream.WriteAsync(batch, ending.Token).ConfigureAwait(false);
            }
        }
        catch (System.Threading.Channels.ChannelClosedException broken)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, broken.InnerException?.Message ?? broken.Message));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            ThrowIfStopping();
            // The subscriber has left.
        }
    }

    public override Task Read(
        IAsyncStreamReader<Client.Wire.ReadRequestBatch> requestStream, IServerStreamWriter<Client.Wire.ReadResponseBatch> responseStream,
        ServerCallContext context) =>
        UntilCancelledAsync(context, ending => new ReadCall(storage, ending.Token).RunAsync(requestStream, responseStream));

    public override Task Feed(Client.Wire.FeedRequest request, IServerStreamWriter<Client.Wire.FeedBatch> responseStream, ServerCallContext context) =>
        UntilCancelledAsync(context, async ending =>
        {
            using var beats = OpenBeats();
            try
            {
                await BeatingStream.CopyAsync(
                    storage.FeedAsync((KeySpace)request.Space, request.FromRevision, ending.Token), static batch => batch.ToWire(), s_feedBeat, beats,
                    responseStream, ending).ConfigureAwait(false);
            }
            catch (RevisionCompactedException compacted)
            {
                await responseStream.WriteAsync(
                    new Client.Wire.FeedBatch { Compacted = compacted.CompactRevision }, ending.Token).ConfigureAwait(false);
            }
        });

    public override async Task<Client.Wire.HistoryBatch> History(Client.Wire.HistoryRequest request, ServerCallContext context) =>
        (await storage.HistoryAsync(
            (KeySpace)request.Space, request.Key.Memory, request.RangeEnd.Memory, request.FromRevision, request.ToRevision, request.MaxBytes,
            context.CancellationToken).ConfigureAwait(false)).ToWire();

    public override Task Leases(Client.Wire.LeasesRequest request, IServerStreamWriter<Client.Wire.LeaseBatch> responseStream, ServerCallContext context) =>
        UntilCancelledAsync(context, async ending =>
        {
            using var beats = OpenBeats();
            await BeatingStream.CopyAsync(
                storage.LeasesAsync(ending.Token), static batch => batch.ToWire(), s_leaseBeat, beats, responseStream, ending)
                .ConfigureAwait(false);
        });

    public override Task Snapshot(
        Client.Wire.SnapshotRequest request, IServerStreamWriter<Client.Wire.SnapshotChunk> responseStream, ServerCallContext context) =>
        UntilCancelledAsync(context, async ending =>
        {
            try
            {
                // A write returns when the message is serialized, so the next chunk may use the buffer again.
                await foreach (var chunk in storage.SnapshotAsync(ending.Token).ConfigureAwait(false))
                    await responseStream.WriteAsync(chunk.ToWire(), ending.Token).ConfigureAwait(false);
            }
            catch (SnapshotAbortedException aborted)
            {
                throw new RpcException(new Status(StatusCode.Aborted, aborted.Message));
            }
        });

    public override Task Database(
        Client.Wire.DatabaseRequest request, IServerStreamWriter<Client.Wire.DatabasePiece> responseStream, ServerCallContext context) =>
        UntilCancelledAsync(context, async ending =>
        {
            try
            {
                // As above.
                await foreach (var piece in storage.DatabaseAsync(ending.Token).ConfigureAwait(false))
                {
                    var message = new Client.Wire.DatabasePiece { RemainingBytes = piece.RemainingBytes, Bytes = UnsafeByteOperations.UnsafeWrap(piece.Bytes) };
                    await responseStream.WriteAsync(message, ending.Token).ConfigureAwait(false);
                }
            }
            catch (SnapshotAbortedException aborted)
            {
                throw new RpcException(new Status(StatusCode.Aborted, aborted.Message));
            }
        });

    public override async Task<Client.Wire.AuthResponse> Auth(Client.Wire.AuthRequest request, ServerCallContext context) =>
        (await storage.GetAuthAsync(request.User, new LogIndex(request.MinApplied), context.CancellationToken).ConfigureAwait(false)).ToWire();

    public override async Task<Client.Wire.LeaseKeysResponse> LeaseKeys(Client.Wire.LeaseKeysRequest request, ServerCallContext context)
    {
        var keys = await storage.LeaseKeysAsync(request.Lease, new LogIndex(request.MinApplied), context.CancellationToken).ConfigureAwait(false);
        var response = new Client.Wire.LeaseKeysResponse { Found = keys is not null };
        foreach (var key in keys ?? [])
            response.Keys.Add(UnsafeByteOperations.UnsafeWrap(key));
        return response;
    }

    public override async Task<Client.Wire.StatusResponse> Status(Client.Wire.StatusRequest request, ServerCallContext context) =>
        (await storage.GetStatusAsync(context.CancellationToken).ConfigureAwait(false)).ToWire();

    public override async Task<Client.Wire.TimesResponse> Times(Client.Wire.TimesRequest request, ServerCallContext context) =>
        await storage.GetTimesAsync(new LogIndex(request.Index), context.CancellationToken).ConfigureAwait(false) is not { } times
            ? new Client.Wire.TimesResponse()
            : new Client.Wire.TimesResponse { Known = true, WaitedTicks = times.Waited.Ticks, AppliedTicks = times.Applied.Ticks };

    public override async Task<Client.Wire.SweptResponse> Swept(Client.Wire.SweptRequest request, ServerCallContext context)
    {
        await storage.SweptAsync(request.Revision, context.CancellationToken).ConfigureAwait(false);
        return new Client.Wire.SweptResponse();
    }

    public override async Task<Client.Wire.DefragmentResponse> Defragment(Client.Wire.DefragmentRequest request, ServerCallContext context)
    {
        await storage.DefragmentAsync(context.CancellationToken).ConfigureAwait(false);
        return new Client.Wire.DefragmentResponse();
    }

    public override async Task<Client.Wire.HashKvResponse> HashKv(Client.Wire.HashKvRequest request, ServerCallContext context)
    {
        var result = await storage.HashKvAsync(request.Revision, context.CancellationToken).ConfigureAwait(false);
        return new Client.Wire.HashKvResponse
        {
            Error = (uint)result.Error,
            Hash = result.Hash,
            CompactRevision = result.CompactRevision,
            HashRevision = result.HashRevision,
            CurrentRevision = result.CurrentRevision,
            Term = result.Term.Value,
        };
    }

    public override async Task<Client.Wire.HashResponse> Hash(Client.Wire.HashRequest request, ServerCallContext context) =>
        new() { Hash = await storage.HashAsync(context.CancellationToken).ConfigureAwait(false) };

    /// <exception cref="RpcException">The replica is cut off: nothing is promised to begin with.</exception>
    private Beats OpenBeats()
    {
        Beats.RefuseIf(_isCutOff());
        return new Beats(_beatInterval, _time, _isCutOff);
    }

    // A client that leaves is no error; that this replica goes, its clients are told, so that they go on with another.
    private async Task UntilCancelledAsync(ServerCallContext context, Func<CancellationTokenSource, Task> stream)
    {
        using var ending = EndOf(context);
        try
        {
            await stream(ending).ConfigureAwait(false);
        }
        catch (Exception exception) when (
            ending.IsCancellationRequested && (exception is OperationCanceledException or IOException or InvalidOperationException))
        {
            ThrowIfStopping();
        }
    }

    private CancellationTokenSource EndOf(ServerCallContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime?.ApplicationStopping ?? CancellationToken.None);

    private void ThrowIfStopping()
    {
        if (lifetime?.ApplicationStopping.IsCancellationRequested == true)
            throw new RpcException(new Status(StatusCode.Unavailable, "the replica is stopping"));
    }
}
