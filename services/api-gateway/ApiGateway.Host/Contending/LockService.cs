using ApiGateway.Core.Contending;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using EtcdApi.Etcdserverpb;
using EtcdApi.V3Lockpb;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ApiGateway.Host.Contending;

/// <summary>v3lockpb.Lock: a lock is held by whoever of its name has the lowest create revision, until its key is deleted, by itself or with its lease.</summary>
internal sealed class LockService(Contender contender, InnerKv kv, CallGate gate, StreamGuards guards)
{
    /// <summary>Answers once the lock is held.</summary>
    public async Task<Reply> LockAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        gate.Check(http);
        var asked = ProtoBody.Parse(LockRequest.Parser, request);
        using var guard = guards.Open(http, context.CancellationToken);
        var lease = await kv.LeaseAsync(asked.Lease, context).ConfigureAwait(false);
        var (place, header) = await contender.EnterAsync(asked.Name, lease, ByteString.Empty, context).ConfigureAwait(false);
        if (!place.IsHolder)
        {
            try
            {
                await contender.WaitAsync(asked.Name, place, context, guard.Token).ConfigureAwait(false);
                header = await StillThereAsync(place, context).ConfigureAwait(false);
            }
            catch (Exception) when (guard.IsEnded)
            {
                // Who asks another member under the same lease finds its place again.
                if (asked.Lease == 0)
                    await LeaveAsync(place, context).ConfigureAwait(false);
                throw new RequestFailedException(guard.Error);
            }
            catch (SessionExpiredException)
            {
                throw InnerKv.Failed("mutex: session is expired");
            }
            catch (Exception)
            {
                // The client has left, or what it waits for cannot be seen any more: nobody may have to wait for this place.
                await LeaveAsync(place, context).ConfigureAwait(false);
                if (context.CancellationToken.IsCancellationRequested)
                    throw new RequestFailedException(EtcdError.RequestCanceled);
                throw;
            }
        }
        return Reply.WithoutHeader(new LockResponse { Header = header, Key = place.Key }.ToByteArray());
    }

    public async Task<Reply> UnlockAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(UnlockRequest.Parser, request);
        var answer = await kv.DeleteAsync(new DeleteRangeRequest { Key = asked.Key }, context).ConfigureAwait(false);
        return Reply.WithoutHeader(new UnlockResponse { Header = answer.Header }.ToByteArray());
    }

    // The wait does not see whether the waiting one's own lease has ended meanwhile.
    private async Task<ResponseHeader> StillThereAsync(Place place, ServerCallContext context)
    {
        var answer = await kv.RangeAsync(new RangeRequest { Key = place.Key }, context).ConfigureAwait(false);
        return answer.Kvs.Count > 0 ? answer.Header : throw new SessionExpiredException();
    }

    private async Task LeaveAsync(Place place, ServerCallContext context) =>
        await kv.DeleteAsync(new DeleteRangeRequest { Key = place.Key }, context).ConfigureAwait(false);

    /// <summary>The key of a waiting contender has gone with its lease.</summary>
    private sealed class SessionExpiredException : Exception;
}

/// <summary>Binds <see cref="LockService"/> under its public name.</summary>
internal sealed class LockMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<LockService>
{
    public const string ServiceName = "v3lockpb.Lock";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<LockService> context)
    {
        var methods = new MethodBinder<LockService>(context, ServiceName, options, metrics);
        methods.Unary("Lock", static (service, request, call) => service.LockAsync(request, call));
        methods.Unary("Unlock", static (service, request, call) => service.UnlockAsync(request, call));
    }
}
