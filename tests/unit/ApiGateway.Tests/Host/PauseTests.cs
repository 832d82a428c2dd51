using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>While nobody leads, or no lease manager is active, requests wait, and are answered once somebody is.</summary>
public sealed class PauseTests : IAsyncLifetime
{
    private readonly PatientGateway _gateway = new();

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public Task DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Range_LeaderComesBack_NoError()
    {
        _gateway.Cluster.HasLeader = false;
        var range = _gateway.Grpc.CallAsync<RangeRequest, RangeResponse>("etcdserverpb.KV", "Range", new RangeRequest { Key = ByteString.CopyFromUtf8("k") });
        await Wait.UntilAsync(() => _gateway.Cluster.ReadIndexes >= 3);
        Assert.False(range.IsCompleted);
        _gateway.Cluster.HasLeader = true;
        await range;
    }

    [Fact]
    public async Task KeepAlive_ManagerMoves_StreamSurvivesWithoutAnError()
    {
        using var call = _gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("etcdserverpb.Lease", "LeaseKeepAlive", MethodType.DuplexStreaming), null, default);
        foreach (var notActive in new[] { 0, 3, 0 })
        {
            _gateway.Leases.NotActiveTimes = notActive;
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = 7 });
            Assert.True(await call.ResponseStream.MoveNext(default));
            Assert.Equal((7, 0), (call.ResponseStream.Current.TTL, _gateway.Leases.NotActiveTimes));
        }
    }
}
