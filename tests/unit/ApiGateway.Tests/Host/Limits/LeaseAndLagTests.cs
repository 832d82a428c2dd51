using ApiGateway.Host;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;

namespace ApiGateway.Tests.Host.Limits;

/// <summary>Goal: what bounds leases travels with the grant; a replica that does not keep up is spared. Method: fakes that say how many, and how far.</summary>
public sealed class LeaseAndLagTests(LeaseAndLagTests.QuickGateway gateway) : IClassFixture<LeaseAndLagTests.QuickGateway>
{
    [Fact]
    public async Task Grant_CarriesTheMostLeasesThatThereMayBe_AndSaysWhenThereAre()
    {
        await gateway.Grpc.CallAsync<LeaseGrantRequest, LeaseGrantResponse>("etcdserverpb.Lease", "LeaseGrant", new LeaseGrantRequest { TTL = 60 });
        Assert.True(gateway.Cluster.Grants.TryDequeue(out var grant));
        // Field 1000 of type varint: the tag 8000, the number 77.
        Assert.EndsWith("C03E4D", Convert.ToHexString(grant.ToByteArray()), StringComparison.Ordinal);
        gateway.Cluster.NextError = StorageError.TooManyLeases;
        try
        {
            var refused = await Assert.ThrowsAsync<RpcException>(
                () => gateway.Grpc.CallAsync<LeaseGrantRequest, LeaseGrantResponse>("etcdserverpb.Lease", "LeaseGrant", new LeaseGrantRequest { TTL = 60 }));
            Assert.Equal(new Status(StatusCode.ResourceExhausted, "etcdserver: too many leases"), refused.Status);
        }
        finally
        {
            gateway.Cluster.NextError = StorageError.None;
        }
    }

    [Fact]
    public async Task Put_MoreThan5000CommittedAndNotApplied_TooManyRequests()
    {
        gateway.Cluster.NotApplied = 5000;
        Assert.Equal("", await PutAsync());
        gateway.Cluster.NotApplied = 5001;
        await Wait.UntilAsync(async () => await PutAsync() == "etcdserver: too many requests");
        // Reads go on.
        await gateway.Grpc.CallAsync<RangeRequest, RangeResponse>("etcdserverpb.KV", "Range", new RangeRequest { Key = ByteString.CopyFromUtf8("k") });
        gateway.Cluster.NotApplied = 0;
        await Wait.UntilAsync(async () => (await PutAsync()).Length == 0);
    }

    private async Task<string> PutAsync()
    {
        try
        {
            await gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", new PutRequest { Key = ByteString.CopyFromUtf8("k") });
            return "";
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.ResourceExhausted)
        {
            return refused.Status.Detail;
        }
    }

    public sealed class QuickGateway : GatewayFixture
    {
        protected override GatewayOptions Options => new()
        {
            ClusterRefreshPeriod = TimeSpan.FromMilliseconds(20), SpaceRefreshPeriod = TimeSpan.FromMilliseconds(20), UnsettledRefreshPeriod = TimeSpan.FromMilliseconds(5), MaxLeases = 77,
        };
    }
}
