using System.Security.Cryptography;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Requests;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Metrics;
using ApiGateway.Host.Proposing;
using ApiGateway.Host.Slow;
using ApiGateway.Host.Tracing;
using EtcdApi.Etcdserverpb;
using EtcdApi.Wire;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Leases;

/// <summary>etcdserverpb.Lease: what a lease is goes through the log, when it ends is asked of the lease manager.</summary>
internal sealed class LeaseService(
    CallerProposals proposer, Callers callers, SpaceGuard space, LeaseCalls leases, IStorage storage, ReadBarrier barrier, ClusterView cluster, CallGate gate, StreamGuards guards,
    GrpcMetrics metrics, GatewayOptions options)
{
    private readonly MethodMetrics _keepAliveCounts = metrics.Of(LeaseMethods.ServiceName, "LeaseKeepAlive", MethodType.DuplexStreaming);

    public async Task<Reply> GrantAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.Lease/LeaseGrant");
        gate.Check(http);
        var asked = ProtoBody.Parse(LeaseGrantRequest.Parser, request);
        RequestFailedException.ThrowIf(LeaseGrantRule.Decide(asked.TTL, options.MinLeaseTtlSeconds, out var ttlSeconds));
        await space.AdmitAsync(SpaceCost.LeaseGrant).ConfigureAwait(false);
        while (true)
        {
            var grant = new LeaseGrantRequest { ID = asked.ID != 0 ? asked.ID : NewId(), TTL = ttlSeconds };
            var result = await proposer.ProposeAsync(http, CommandKind.LeaseGrant, WithLimit(grant)).ConfigureAwait(false);
            // Only an id that the client chose can be in its way; a random one is drawn again.
            if (result.Error == StorageError.LeaseExists && asked.ID == 0)
                continue;
            return await AnswerAsync(result).ConfigureAwait(false);
        }
    }

    public async Task<Reply> RevokeAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.Lease/LeaseRevoke");
        gate.Check(http);
        ProtoBody.Parse(LeaseRevokeRequest.Parser, request);
        return await AnswerAsync(await proposer.ProposeAsync(http, CommandKind.LeaseRevoke, request).ConfigureAwait(false)).ConfigureAwait(false);
    }

    public async Task<Reply> TimeToLiveAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.Lease/LeaseTimeToLive");
        gate.Check(http);
        var asked = ProtoBody.Parse(LeaseTimeToLiveRequest.Parser, request);
        var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
        await callers.RequireAsync(http, AccessRequest.AnyUser, index, context.CancellationToken).ConfigureAwait(false);
        var result = await leases.TimeToLiveAsync(asked.ID, index, context.CancellationToken).ConfigureAwait(false);
        var answer = new LeaseTimeToLiveResponse { ID = asked.ID, TTL = result.RemainingSeconds, GrantedTTL = result.GrantedSeconds };
        if (asked.Keys && result.RemainingSeconds >= 0)
        {
            var keys = await barrier.BoundedAsync(
                storage.LeaseKeysAsync(asked.ID, index, context.CancellationToken), EtcdError.TimeoutWaitingForApply).ConfigureAwait(false);
            // Those that would be told of, whatever the lease has by now.
            var told = new AccessRequest(AccessKind.Ranges) { Ranges = [.. (keys ?? []).Select(static key => (key, ReadOnlyMemory<byte>.Empty))] };
            await callers.RequireAsync(http, told, index, context.CancellationToken).ConfigureAwait(false);
            foreach (var key in keys ?? [])
                answer.Keys.Add(UnsafeByteOperations.UnsafeWrap(key));
        }
        return await AnswerAsync(result.Revision, result.Term.Value, answer.ToByteArray()).ConfigureAwait(false);
    }

    public async Task<Reply> ListAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.Lease/LeaseLeases");
        gate.Check(http);
        ProtoBody.Parse(LeaseLeasesRequest.Parser, request);
        var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
        await callers.RequireAsync(http, new AccessRequest(AccessKind.AllLeases), index, context.CancellationToken).ConfigureAwait(false);
        var result = await leases.ListAsync(index, context.CancellationToken).ConfigureAwait(false);
        var answer = new LeaseLeasesResponse();
        answer.Leases.AddRange(result.Ids.Select(id => new LeaseStatus { ID = id }));
        return await AnswerAsync(result.Revision, result.Term.Value, answer.ToByteArray()).ConfigureAwait(false);
    }

    /// <summary>Runs one stream. Its messages do not go through gRPC's reader and writer, see <see cref="MessageFrames"/> and <see cref="KeepAliveOutput"/>.</summary>
    public async Task KeepAliveAsync(IAsyncStreamReader<byte[]> requests, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.Lease/LeaseKeepAlive");
        gate.Check(http);
        var view = await cluster.GetAsync().ConfigureAwait(false);
        using var guard = guards.Open(http, context.CancellationToken);
        IKeepAliveRequests ids = http.Request.Headers.GrpcEncoding.Count == 0 || http.Request.Headers.GrpcEncoding == "identity"
            ? new FramedKeepAlives(new MessageFrames(http.Request.BodyReader, options.MaxMessageBytes), _keepAliveCounts)
            : new CompressedKeepAlives(requests);
        var call = new KeepAliveCall(leases, new LeaseAccess(callers, http), barrier, cluster, ids, new KeepAliveOutput(http.Response.BodyWriter, view.Header, _keepAliveCounts));
        try
        {
            await call.RunAsync(guard.Token).ConfigureAwait(false);
        }
        catch (Exception) when (guard.IsEnded)
        {
            throw new RequestFailedException(guard.Error);
        }
        catch (Exception exception) when (context.CancellationToken.IsCancellationRequested && exception is not RpcException)
        {
            // The client has left, and nobody reads how the stream ended.
        }
    }

    // The state machine counts: here nobody knows how many there will be.
    private byte[] WithLimit(LeaseGrantRequest grant)
    {
        Span<byte> field = stackalloc byte[16];
        var writer = new ProtoWriter(field);
        writer.Varint(LeaseGrantFields.MostLeases, (ulong)options.MaxLeases);
        return [.. grant.ToByteArray(), .. field[..writer.Written]];
    }

    private ValueTask<Reply> AnswerAsync(in CommandResult result)
    {
        cluster.Observe(result.Revision, result.Index);
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        return AnswerAsync(result.Revision, result.Term.Value, result.Body, RequestStamps.Of(result));
    }

    private async ValueTask<Reply> AnswerAsync(long revision, ulong term, ReadOnlyMemory<byte> body, RequestStamps stamps = default) =>
        new((await cluster.GetAsync().ConfigureAwait(false)).Header, revision, term, body) { Stamps = stamps };

    /// <summary>A random id that a client can print and parse: positive.</summary>
    private static long NewId()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return Math.Max(1, BitConverter.ToInt64(bytes) & long.MaxValue);
    }
}
