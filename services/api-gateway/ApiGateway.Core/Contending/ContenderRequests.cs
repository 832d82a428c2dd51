using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace ApiGateway.Core.Contending;

/// <summary>The KV requests that locks and elections are made of. Each change is conditional on the create revision, which fences out who was there before.</summary>
public static class ContenderRequests
{
    /// <summary>Takes a place unless the key has one: then nothing changes. The answer's first response is empty, or the key as it is; its second is the holder.</summary>
    public static TxnRequest Enter(ByteString name, long lease, ByteString value)
    {
        var key = OwnerKey.Of(name, lease);
        var request = If(key, createRevision: 0);
        request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = key, Value = value, Lease = lease } });
        request.Failure.Add(new RequestOp { RequestRange = new RangeRequest { Key = key } });
        var holder = new RequestOp { RequestRange = Holder(name) };
        request.Success.Add(holder);
        request.Failure.Add(holder.Clone());
        return request;
    }

    /// <summary>Who was first.</summary>
    public static RangeRequest Holder(ByteString name) => new()
    {
        Key = OwnerKey.Prefix(name),
        RangeEnd = OwnerKey.RangeEnd(name),
        Limit = 1,
        SortTarget = RangeRequest.Types.SortTarget.Create,
        SortOrder = RangeRequest.Types.SortOrder.Ascend,
    };

    /// <summary>Who came last before a create revision: each waits for the one before it alone, so that one release wakes one contender.</summary>
    public static RangeRequest LastBefore(ByteString name, long createRevision) => new()
    {
        Key = OwnerKey.Prefix(name),
        RangeEnd = OwnerKey.RangeEnd(name),
        Limit = 1,
        SortTarget = RangeRequest.Types.SortTarget.Create,
        SortOrder = RangeRequest.Types.SortOrder.Descend,
        MaxCreateRevision = createRevision - 1,
        KeysOnly = true,
    };

    /// <summary>Changes the value, if the key is still the one that was created then.</summary>
    public static TxnRequest Proclaim(ByteString key, long createRevision, long lease, ByteString value)
    {
        var request = If(key, createRevision);
        request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = key, Value = value, Lease = lease } });
        return request;
    }

    /// <summary>Gives the place up, if the key is still the one that was created then.</summary>
    public static TxnRequest Resign(ByteString key, long createRevision)
    {
        var request = If(key, createRevision);
        request.Success.Add(new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } });
        return request;
    }

    private static TxnRequest If(ByteString key, long createRevision) => new()
    {
        Compare =
        {
            new Compare
            {
                Key = key, Target = Compare.Types.CompareTarget.Create, Result = Compare.Types.CompareResult.Equal, CreateRevision = createRevision,
            },
        },
    };
}
