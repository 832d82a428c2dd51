using ApiGateway.Core.Contending;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Host.Contending;

/// <summary>Takes a place below a name, and waits until nobody comes before it.</summary>
internal sealed class Contender(InnerKv kv, KeyEvents events)
{
    /// <summary>The place, and the header of the answer that shows it.</summary>
    public async Task<(Place Place, ResponseHeader Header)> EnterAsync(ByteString name, long lease, ByteString value, ServerCallContext context)
    {
        var answer = await kv.TxnAsync(ContenderRequests.Enter(name, lease, value), context).ConfigureAwait(false);
        return (Place.Read(name, lease, answer), answer.Header);
    }

    /// <summary>Waits until all who came before have gone. Whether the waiting one is still there is not looked at.</summary>
    public async Task WaitAsync(ByteString name, Place place, ServerCallContext context, CancellationToken ending)
    {
        if (place.IsHolder)
            return;
        while (true)
        {
            ending.ThrowIfCancellationRequested();
            var answer = await kv.RangeAsync(ContenderRequests.LastBefore(name, place.CreateRevision), context).ConfigureAwait(false);
            if (answer.Kvs.Count == 0)
                return;
            await GoneAsync(answer.Kvs[0].Key, answer.Header.Revision, ending).ConfigureAwait(false);
        }
    }

    private async Task GoneAsync(ByteString key, long revision, CancellationToken ending)
    {
        await foreach (var response in events.FromAsync(key.Memory, default, revision, ending).ConfigureAwait(false))
        {
            if (response.Events.Any(static change => change.Type == Event.Types.EventType.Delete))
                return;
        }
    }
}
