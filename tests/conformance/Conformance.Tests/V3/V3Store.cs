using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Conformance.V3;

/// <summary>What a v3 scenario finds: no key, no lease.</summary>
internal static class V3Store
{
    /// <summary>Removes all leases and keys that an earlier scenario left.</summary>
    /// <returns>The revision from which the scenario counts.</returns>
    public static async Task<long> EmptyAsync(Target target)
    {
        var leases = await Rpc.LeaseLeases.CallAsync(target.Channel, new LeaseLeasesRequest());
        foreach (var lease in leases.Leases)
            await RevokeAsync(target, lease.ID);
        var all = ByteString.CopyFrom(0);
        var deleted = await Rpc.Delete.CallAsync(target.Channel, new DeleteRangeRequest { Key = all, RangeEnd = all });
        return deleted.Header.Revision;
    }

    private static async Task RevokeAsync(Target target, long lease)
    {
        try
        {
            await Rpc.LeaseRevoke.CallAsync(target.Channel, new LeaseRevokeRequest { ID = lease });
        }
        catch (RpcException gone) when (gone.StatusCode == StatusCode.NotFound)
        {
            // A short one of the scenario before: it has ended by itself since it was listed.
        }
    }
}
