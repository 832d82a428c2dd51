using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: the quota is looked at before a write is proposed, and maintenance reaches storage. Method: the public API over fakes.</summary>
public sealed class MaintenanceTests : IAsyncLifetime
{
    private const string Kv = "etcdserverpb.KV", Maintenance = "etcdserverpb.Maintenance";
    private static readonly Status s_noSpace = new(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded");

    private readonly GatewayFixture _gateway = new();

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public Task DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Put_NoRoom_IsRefusedAndRaisesTheReplicasAlarmOnce()
    {
        await FillAsync();
        Assert.Equal(s_noSpace, await PutFailsAsync());
        Assert.Equal(s_noSpace, await PutFailsAsync());
        Assert.Equal((0xbUL, 1), Assert.Single(_gateway.Cluster.Alarms));
        Assert.DoesNotContain(_gateway.Cluster.Proposed, static command => command.Kind == CommandKind.Put);
    }

    [Fact]
    public async Task Put_SpaceAgain_Passes()
    {
        await FillAsync();
        await PutFailsAsync();
        _gateway.Cluster.BytesInUse = 0;
        await _gateway.Grpc.CallAsync<PutRequest, PutResponse>(Kv, "Put", s_put);
    }

    [Fact]
    public async Task NoRoom_WhatNeedsNone_Passes()
    {
        await FillAsync();
        var delete = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8("a") };
        await _gateway.Grpc.CallAsync<DeleteRangeRequest, DeleteRangeResponse>(Kv, "DeleteRange", delete);
        await _gateway.Grpc.CallAsync<TxnRequest, TxnResponse>(
            Kv, "Txn", new TxnRequest { Success = { new RequestOp { RequestDeleteRange = delete } } });
        await _gateway.Grpc.CallAsync<CompactionRequest, CompactionResponse>(Kv, "Compact", new CompactionRequest { Revision = 1 });
        Assert.Empty(_gateway.Cluster.Alarms);
    }

    [Fact]
    public async Task NoRoom_GrantTxnAndV2Write_AreRefused()
    {
        await FillAsync();
        var txn = new TxnRequest { Failure = { new RequestOp { RequestPut = s_put } } };
        Assert.Equal(s_noSpace, await FailureAsync<TxnRequest, TxnResponse>(Kv, "Txn", txn));
        Assert.Equal(s_noSpace, await FailureAsync<LeaseGrantRequest, LeaseGrantResponse>("etcdserverpb.Lease", "LeaseGrant", new LeaseGrantRequest { TTL = 5 }));
        using var form = new FormUrlEncodedContent([new("value", "x")]);
        using var answer = await _gateway.Http.PutAsync("/v2/keys/a", form);
        Assert.Equal(System.Net.HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(
            "{\"errorCode\":300,\"message\":\"Raft Internal Error\",\"cause\":\"etcdserver: mvcc: database space exceeded\",\"index\":0}\n",
            await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Defragment_ReachesStorage()
    {
        await _gateway.Grpc.CallAsync<DefragmentRequest, DefragmentResponse>(Maintenance, "Defragment", new DefragmentRequest());
        Assert.Equal(1, _gateway.Cluster.Defragmentations);
    }

    [Fact]
    public async Task Hash_IsStoragesWithAHeader()
    {
        var answer = await _gateway.Grpc.CallAsync<HashRequest, HashResponse>(Maintenance, "Hash", new HashRequest());
        Assert.Equal((78U, 0xbUL), (answer.Hash, answer.Header.MemberId));
    }

    private static readonly PutRequest s_put = new() { Key = ByteString.CopyFromUtf8("a"), Value = ByteString.CopyFrom(new byte[1000]) };

    // The gateway has heard of a full replica once a put of any size is refused.
    private async Task FillAsync()
    {
        _gateway.Cluster.QuotaBytes = 10_000;
        _gateway.Cluster.BytesInUse = 10_000;
        var seen = _gateway.Cluster.StatusesAsked;
        while (_gateway.Cluster.StatusesAsked <= seen + 1)
            await Task.Delay(5);
    }

    private Task<Status> PutFailsAsync() => FailureAsync<PutRequest, PutResponse>(Kv, "Put", s_put);

    private async Task<Status> FailureAsync<TRequest, TResponse>(string service, string method, TRequest request)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        (await Assert.ThrowsAsync<RpcException>(() => _gateway.Grpc.CallAsync<TRequest, TResponse>(service, method, request))).Status;
}
