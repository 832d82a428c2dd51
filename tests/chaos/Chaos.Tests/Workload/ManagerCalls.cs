using Grpc.Core;
using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>Asks a lease manager itself, past the gateways.</summary>
internal static class ManagerCalls
{
    private static readonly Method<byte[], byte[]> s_timeToLive = new(
        MethodType.Unary, "distributed.leasemanager.v1.LeaseManager", "TimeToLive", Marshallers.Create(bytes => bytes, bytes => bytes),
        Marshallers.Create(bytes => bytes, bytes => bytes));

    /// <summary>True when it holds the claim: one that does not refuses to speak of leases.</summary>
    public static async Task<bool> IsActiveAsync(string url)
    {
        using var channel = GrpcChannel.ForAddress(url);
        try
        {
            await channel.CreateCallInvoker().AsyncUnaryCall(s_timeToLive, null, new CallOptions(deadline: DateTime.UtcNow + TimeSpan.FromMilliseconds(500)), []);
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }
}
