using ApiGateway.Host.Calls;
using ApiGateway.Host.Kv;
using ApiGateway.Host.Leases;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Host.Contending;

/// <summary>KV and leases as locks and elections use them: the public calls, with the caller's own metadata, so that whatever they check is checked here too.</summary>
/// <remarks>In etcd these services are clients of its own KV, and of what that refuses they hand on the message alone: every error has code UNKNOWN (v3-semantics §8).</remarks>
internal sealed class InnerKv(KvService kv, LeaseService leases)
{
    /// <summary>Seconds that a lease lives which a call without one gets. Nobody keeps it alive.</summary>
    private const long OwnLeaseTtlSeconds = 60;

    public async Task<TxnResponse> TxnAsync(TxnRequest request, ServerCallContext context) =>
        TxnResponse.Parser.ParseFrom(await CallAsync(kv.TxnAsync, request, context).ConfigureAwait(false));

    public async Task<RangeResponse> RangeAsync(RangeRequest request, ServerCallContext context) =>
        RangeResponse.Parser.ParseFrom(await CallAsync(kv.RangeAsync, request, context).ConfigureAwait(false));

    public async Task<DeleteRangeResponse> DeleteAsync(DeleteRangeRequest request, ServerCallContext context) =>
        DeleteRangeResponse.Parser.ParseFrom(await CallAsync(kv.DeleteRangeAsync, request, context).ConfigureAwait(false));

    /// <summary>The lease that the caller names, or a new one.</summary>
    public async Task<long> LeaseAsync(long asked, ServerCallContext context)
    {
        if (asked != 0)
            return asked;
        var grant = new LeaseGrantRequest { TTL = OwnLeaseTtlSeconds };
        return LeaseGrantResponse.Parser.ParseFrom(await CallAsync((request, call) => new ValueTask<Reply>(leases.GrantAsync(request, call)), grant, context).ConfigureAwait(false)).ID;
    }

    /// <summary>An error as these services tell it.</summary>
    public static RpcException Failed(string message) => new(new Status(StatusCode.Unknown, message), message);

    private static async Task<byte[]> CallAsync(Func<byte[], ServerCallContext, ValueTask<Reply>> call, IMessage request, ServerCallContext context)
    {
        try
        {
            return (await call(request.ToByteArray(), context).ConfigureAwait(false)).ToArray();
        }
        catch (RpcException refused)
        {
            throw Failed(refused.Status.Detail);
        }
    }
}
