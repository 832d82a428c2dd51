using ApiGateway.Core.Contending;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using EtcdApi.V3Electionpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Host.Contending;

/// <summary>v3electionpb.Election: as a lock whose key has a value that others can follow.</summary>
internal sealed class ElectionService(Contender contender, InnerKv kv, KeyEvents events, CallGate gate, StreamGuards guards)
{
    private const string NoLeader = "election: no leader";
    private const string NotLeader = "election: not leader";
    private const string MissingLeader = "\"leader\" field must be provided";

    /// <summary>Answers once elected, with what proves it to the other calls.</summary>
    public async Task<Reply> CampaignAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        gate.Check(http);
        var asked = ProtoBody.Parse(CampaignRequest.Parser, request);
        using var guard = guards.Open(http, context.CancellationToken);
        var lease = await kv.LeaseAsync(asked.Lease, context).ConfigureAwait(false);
        var (place, header) = await contender.EnterAsync(asked.Name, lease, asked.Value, context).ConfigureAwait(false);
        try
        {
            if (place.Value is not null && place.Value != asked.Value)
                await ProclaimAsync(place.Key, place.CreateRevision, lease, asked.Value, context).ConfigureAwait(false);
            await contender.WaitAsync(asked.Name, place, context, guard.Token).ConfigureAwait(false);
        }
        catch (Exception) when (guard.IsEnded)
        {
            // Who asks another member under the same lease finds its place again.
            if (asked.Lease == 0)
                await ResignAsync(place.Key, place.CreateRevision, context).ConfigureAwait(false);
            throw new RequestFailedException(guard.Error);
        }
        catch (Exception)
        {
            await ResignAsync(place.Key, place.CreateRevision, context).ConfigureAwait(false);
            if (context.CancellationToken.IsCancellationRequested)
                throw new RequestFailedException(EtcdError.RequestCanceled);
            throw;
        }
        var leader = new LeaderKey { Name = asked.Name, Key = place.Key, Rev = place.CreateRevision, Lease = lease };
        return Reply.WithoutHeader(new CampaignResponse { Header = header, Leader = leader }.ToByteArray());
    }

    public async Task<Reply> ProclaimAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(ProclaimRequest.Parser, request);
        var leader = asked.Leader ?? throw InnerKv.Failed(MissingLeader);
        var lease = await kv.LeaseAsync(leader.Lease, context).ConfigureAwait(false);
        var header = await ProclaimAsync(leader.Key, leader.Rev, lease, asked.Value, context).ConfigureAwait(false);
        return Reply.WithoutHeader(new ProclaimResponse { Header = header }.ToByteArray());
    }

    public async Task<Reply> ResignAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(ResignRequest.Parser, request);
        var leader = asked.Leader ?? throw InnerKv.Failed(MissingLeader);
        var header = await ResignAsync(leader.Key, leader.Rev, context).ConfigureAwait(false);
        return Reply.WithoutHeader(new ResignResponse { Header = header }.ToByteArray());
    }

    public async Task<Reply> LeaderAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(LeaderRequest.Parser, request);
        var answer = await kv.RangeAsync(ContenderRequests.Holder(asked.Name), context).ConfigureAwait(false);
        if (answer.Kvs.Count == 0)
            throw InnerKv.Failed(NoLeader);
        return Reply.WithoutHeader(new LeaderResponse { Header = answer.Header, Kv = answer.Kvs[0] }.ToByteArray());
    }

    /// <summary>Streams the leader, then each of its values and each of its successors.</summary>
    public async Task ObserveAsync(byte[] request, IServerStreamWriter<Reply> replies, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        gate.Check(http);
        var asked = ProtoBody.Parse(LeaderRequest.Parser, request);
        using var guard = guards.Open(http, context.CancellationToken);
        try
        {
            while (true)
                await ObserveOneAsync(asked.Name, replies, context, guard.Token).ConfigureAwait(false);
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

    /// <summary>One leader, from its election to its end.</summary>
    private async Task ObserveOneAsync(ByteString name, IServerStreamWriter<Reply> replies, ServerCallContext context, CancellationToken ending)
    {
        ending.ThrowIfCancellationRequested();
        var answer = await kv.RangeAsync(ContenderRequests.Holder(name), context).ConfigureAwait(false);
        var (header, leader) = answer.Kvs.Count > 0
            ? (answer.Header, answer.Kvs[0])
            : await FirstPutAsync(name, answer.Header.Revision, ending).ConfigureAwait(false);
        await SendAsync(header, leader).ConfigureAwait(false);
        await foreach (var response in events.FromAsync(leader.Key.Memory, default, header.Revision + 1, ending).ConfigureAwait(false))
        {
            foreach (var change in response.Events)
            {
                if (change.Type == Event.Types.EventType.Delete)
                    return;
                await SendAsync(response.Header, change.Kv).ConfigureAwait(false);
            }
        }

        Task SendAsync(ResponseHeader header, KeyValue kv) =>
            replies.WriteAsync(Reply.WithoutHeader(new LeaderResponse { Header = header, Kv = kv }.ToByteArray()), ending);
    }

    private async Task<(ResponseHeader Header, KeyValue Leader)> FirstPutAsync(ByteString name, long revision, CancellationToken ending)
    {
        var below = events.FromAsync(OwnerKey.Prefix(name).Memory, OwnerKey.RangeEnd(name).Memory, revision, ending);
        await foreach (var response in below.ConfigureAwait(false))
        {
            if (response.Events.FirstOrDefault(static change => change.Type == Event.Types.EventType.Put) is not { } put)
                continue;
            // There may be more behind it in the same response: what follows is read from here on.
            response.Header.Revision = put.Kv.ModRevision;
            return (response.Header, put.Kv);
        }
        throw new OperationCanceledException(ending);
    }

    private async Task<ResponseHeader> ProclaimAsync(ByteString key, long createRevision, long lease, ByteString value, ServerCallContext context)
    {
        var answer = await kv.TxnAsync(ContenderRequests.Proclaim(key, createRevision, lease, value), context).ConfigureAwait(false);
        return answer.Succeeded ? answer.Header : throw InnerKv.Failed(NotLeader);
    }

    private async Task<ResponseHeader> ResignAsync(ByteString key, long createRevision, ServerCallContext context) =>
        (await kv.TxnAsync(ContenderRequests.Resign(key, createRevision), context).ConfigureAwait(false)).Header;
}
