using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace ApiGateway.Core.Contending;

/// <summary>A contender's place, as the answer to <see cref="ContenderRequests.Enter"/> shows it.</summary>
/// <param name="Key">The contender's key.</param>
/// <param name="CreateRevision">Its rank: lower ones come first. Also what fences its later changes.</param>
/// <param name="Value">Of the key that had its place before; null when the place is new.</param>
/// <param name="IsHolder">Nobody comes before it.</param>
public sealed record Place(ByteString Key, long CreateRevision, ByteString? Value, bool IsHolder)
{
    /// <summary>Reads the answer.</summary>
    public static Place Read(ByteString name, long lease, TxnResponse answer)
    {
        var own = answer.Succeeded ? null : answer.Responses[0].ResponseRange.Kvs[0];
        var createRevision = own?.CreateRevision ?? answer.Header.Revision;
        var holder = answer.Responses[1].ResponseRange.Kvs.FirstOrDefault();
        return new Place(
            OwnerKey.Of(name, lease), createRevision, own?.Value, IsHolder: holder is null || holder.CreateRevision == createRevision);
    }
}
