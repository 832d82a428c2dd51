using Consensus.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Host.Grpc;

/// <summary>The contract's gRPC binding on the replica's side.</summary>
internal sealed class StorageGrpcService(IStorage storage) : Client.Wire.Storage.StorageBase
{
    public override async Task SubscribeResults(
        Client.Wire.SubscribeResultsRequest request, IServerStreamWriter<Client.Wire.ResultBatch> responseStream, ServerCallContext context)
    {
        var results = new ResultStream();
        using var subscription = storage.SubscribeResults(new SessionId(request.Session), results);
        // The headers are the confirmation, so they go out now and not with the first result.
        await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
        try
        {
            while (true)
            {
                var batch = await results.NextAsync(context.CancellationToken).ConfigureAwait(false);
                await responseStream.WriteAsync(batch, context.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (System.Threading.Channels.ChannelClosedException broken)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, broken.InnerException?.Message ?? broken.Message));
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The subscriber has left.
        }
    }

    public override Task Read(
        IAsyncStreamReader<Client.Wire.ReadRequestBatch> requestStream, IServerStreamWriter<Client.Wire.ReadResponseBatch> responseStream,
        ServerCallContext context) =>
        UntilCancelledAsync(context, () => new ReadCall(storage, context.CancellationToken).RunAsync(requestStream, responseStream));

    public override Task Feed(Client.Wire.FeedRequest request, IServerStreamWriter<Client.Wire.FeedBatch> responseStream, ServerCallContext context) =>
        UntilCancelledAsync(context, async () =>
        {
            try
            {
                await foreach (var batch in storage.FeedAsync((KeySpace)request.Space, request.FromRevision, context.CancellationToken).ConfigureAwait(false))
                    await responseStream.WriteAsync(batch.ToWire(), context.CancellationToken).ConfigureAwait(false);
            }
            catch (RevisionCompactedException compacted)
            {
                await responseStream.WriteAsync(
                    new Client.Wire.FeedBatch { Compacted = compacted.CompactRevision }, context.CancellationToken).ConfigureAwait(false);
            }
        });

    public override async Task<Client.Wire.HistoryBatch> History(Client.Wire.HistoryRequest request, ServerCallContext context) =>
        (await storage.HistoryAsync(
            (KeySpace)request.Space, request.Key.Memory, request.RangeEnd.Memory, request.FromRevision, request.ToRevision, request.MaxBytes,
            context.CancellationToken).ConfigureAwait(false)).ToWire();

    public override Task Leases(Client.Wire.LeasesRequest request, IServerStreamWriter<Client.Wire.LeaseBatch> responseStream, ServerCallContext context) =>
        UntilCancelledAsync(context, async () =>
        {
            await foreach (var batch in storage.LeasesAsync(context.CancellationToken).ConfigureAwait(false))
                await responseStream.WriteAsync(batch.ToWire(), context.CancellationToken).ConfigureAwait(false);
        });

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

    public override async Task<Client.Wire.SweptResponse> Swept(Client.Wire.SweptRequest request, ServerCallContext context)
    {
        await storage.SweptAsync(request.Revision, context.CancellationToken).ConfigureAwait(false);
        return new Client.Wire.SweptResponse();
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

    // A client that leaves is no error.
    private static async Task UntilCancelledAsync(ServerCallContext context, Func<Task> stream)
    {
        try
        {
            await stream().ConfigureAwait(false);
        }
        catch (Exception exception) when (
            context.CancellationToken.IsCancellationRequested && exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            return;
        }
    }
}
