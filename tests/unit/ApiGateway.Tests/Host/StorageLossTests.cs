using System.Net;
using ApiGateway.Core.Errors;
using ApiGateway.Host;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: reads while no storage replica answers end with an error that etcd's clients know. Method: the public API over a storage whose client fails, in each way that it can.</summary>
public sealed class StorageLossTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Kv = "etcdserverpb.KV";
    private const string Maintenance = "etcdserverpb.Maintenance";
    private static readonly RangeRequest s_range = new() { Key = ByteString.CopyFromUtf8("k"), RangeEnd = ByteString.CopyFromUtf8("l") };
    private static readonly Status s_notApplied = new(StatusCode.Unavailable, "etcdserver: request timed out, waiting for the applied index took too long");

    private static readonly Status s_timedOut = new(StatusCode.Unavailable, "etcdserver: request timed out");

    private static readonly Dictionary<string, Exception> s_losses = new Exception[]
    {
        new RpcException(new Status(StatusCode.Unavailable, "Error connecting to subchannel.")), new RpcException(new Status(StatusCode.Internal, "Error reading next message.")),
        new IOException("The request was aborted."), new HttpRequestException("Connection refused"), new ObjectDisposedException("channel"),
    }.ToDictionary(static loss => $"{loss.GetType().Name}: {loss.Message}");

    public static TheoryData<string> Losses => [.. s_losses.Keys];

    [Theory, MemberData(nameof(Losses))]
    public async Task Range_NoStorageAnswers_TimesOut(string loss)
    {
        gateway.Cluster.StorageFailure = s_losses[loss];
        Assert.Equal(s_notApplied, await FailureAsync<RangeRequest, RangeResponse>("Range", s_range));
        var serializable = new RangeRequest(s_range) { Serializable = true };
        Assert.Equal(s_notApplied, await FailureAsync<RangeRequest, RangeResponse>("Range", serializable));
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task Txn_NoStorageAnswers_TimesOut(string loss)
    {
        gateway.Cluster.StorageFailure = s_losses[loss];
        Assert.Equal(s_notApplied, await FailureAsync<TxnRequest, TxnResponse>("Txn", new TxnRequest { Success = { new RequestOp { RequestRange = s_range } } }));
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task V2Get_NoStorageAnswers_RaftInternalError(string loss)
    {
        gateway.Cluster.StorageFailure = s_losses[loss];
        using var answer = await gateway.Http.GetAsync("/v2/keys/a");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(
            "{\"errorCode\":300,\"message\":\"Raft Internal Error\",\"cause\":\"etcdserver: request timed out\",\"index\":0}\n", await answer.Content.ReadAsStringAsync());
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task Maintenance_NoStorageAnswers_TimesOut(string loss)
    {
        gateway.Cluster.StorageFailure = s_losses[loss];
        Assert.Equal(s_timedOut, await FailureAsync<HashKVRequest, HashKVResponse>("HashKV", new HashKVRequest(), Maintenance));
        Assert.Equal(s_timedOut, await FailureAsync<HashRequest, HashResponse>("Hash", new HashRequest(), Maintenance));
        Assert.Equal(s_timedOut, await FailureAsync<DefragmentRequest, DefragmentResponse>("Defragment", new DefragmentRequest(), Maintenance));
        Assert.Equal(s_timedOut, await FailureAsync<DowngradeRequest, DowngradeResponse>("Downgrade", new DowngradeRequest { Version = "3.4" }, Maintenance));
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task CompactPhysical_NoStorageAnswers_TimesOut(string loss)
    {
        gateway.Cluster.StorageFailure = s_losses[loss];
        Assert.Equal(s_timedOut, await FailureAsync<CompactionRequest, CompactionResponse>("Compact", new CompactionRequest { Revision = 1, Physical = true }));
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task Snapshot_StorageLeavesInTheMiddle_TimesOut(string loss)
    {
        gateway.Cluster.Database = _ => BrokenOff(s_losses[loss]);
        using var call = gateway.Grpc.AsyncServerStreamingCall(
            Proto.Method<SnapshotRequest, SnapshotResponse>(Maintenance, "Snapshot", MethodType.ServerStreaming),
            null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(60)), new SnapshotRequest());
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.Equal(s_timedOut, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default))).Status);
    }

    [Fact]
    public async Task Range_StorageIsWrong_IsNotTakenForALoss()
    {
        var mistake = new Status(StatusCode.Unknown, "Exception was thrown by handler.");
        gateway.Cluster.StorageFailure = new RpcException(mistake);
        Assert.Equal(mistake, await FailureAsync<RangeRequest, RangeResponse>("Range", s_range));
    }

    [Fact]
    public async Task Range_RefusedMeanwhile_IsNotTakenForALoss()
    {
        gateway.Cluster.StorageFailure = new RequestFailedException(EtcdError.InvalidAuthToken);
        Assert.Equal(new Status(StatusCode.Unauthenticated, "etcdserver: invalid auth token"), await FailureAsync<RangeRequest, RangeResponse>("Range", s_range));
    }

    [Fact]
    public async Task Bounded_NobodyReached_KeepsTheReasonForTheLog()
    {
        var loss = new IOException("The request was aborted.");
        var barrier = new ReadBarrier(gateway.Cluster, new GatewayOptions(), TimeProvider.System);
        var failed = await Assert.ThrowsAsync<RequestFailedException>(() => barrier.BoundedAsync(ValueTask.FromException<int>(loss), EtcdError.Timeout).AsTask());
        Assert.Same(loss, failed.Status.DebugException);
    }

    private async Task<Status> FailureAsync<TRequest, TResponse>(string method, TRequest request, string service = Kv)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        (await Assert.ThrowsAsync<RpcException>(() => gateway.Grpc.CallAsync<TRequest, TResponse>(service, method, request))).Status;

    private static async IAsyncEnumerable<DatabasePiece> BrokenOff(Exception loss)
    {
        await Task.Yield();
        yield return new DatabasePiece(4096, new byte[4096]);
        throw loss;
    }
}
