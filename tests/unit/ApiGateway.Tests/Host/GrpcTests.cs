using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>The public gRPC API end to end over fakes.</summary>
public sealed class GrpcTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Kv = "etcdserverpb.KV";

    private static ByteString Text(string text) => ByteString.CopyFromUtf8(text);

    private async Task<Status> FailureAsync<TRequest, TResponse>(string service, string method, TRequest request, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        (await Assert.ThrowsAsync<RpcException>(
            () => gateway.Grpc.CallAsync<TRequest, TResponse>(service, method, request, headers))).Status;

    [Fact]
    public async Task PutThenRange_Value_ComesBackWithHeader()
    {
        var put = await gateway.Grpc.CallAsync<PutRequest, PutResponse>(
            Kv, "Put", new PutRequest { Key = Text("a"), Value = Text("one") });
        Assert.Equal((0xaUL, 0xbUL, 2UL), (put.Header.ClusterId, put.Header.MemberId, put.Header.RaftTerm));
        var again = await gateway.Grpc.CallAsync<PutRequest, PutResponse>(
            Kv, "Put", new PutRequest { Key = Text("a"), Value = Text("two"), PrevKv = true });
        Assert.Equal(put.Header.Revision + 1, again.Header.Revision);
        Assert.Equal("one", again.PrevKv.Value.ToStringUtf8());
        var range = await gateway.Grpc.CallAsync<RangeRequest, RangeResponse>(Kv, "Range", new RangeRequest { Key = Text("a") });
        Assert.Equal("two", Assert.Single(range.Kvs).Value.ToStringUtf8());
        Assert.True(range.Header.Revision >= again.Header.Revision);
    }

    [Fact]
    public async Task Put_LargeValue_Travels()
    {
        var value = ByteString.CopyFrom(new byte[1_000_000]);
        await gateway.Grpc.CallAsync<PutRequest, PutResponse>(Kv, "Put", new PutRequest { Key = Text("large"), Value = value });
        var range = await gateway.Grpc.CallAsync<RangeRequest, RangeResponse>(Kv, "Range", new RangeRequest { Key = Text("large") });
        Assert.Equal(value, Assert.Single(range.Kvs).Value);
    }

    [Fact]
    public async Task Put_EmptyKey_EtcdsError() => Assert.Equal(
        new Status(StatusCode.InvalidArgument, "etcdserver: key is not provided"),
        await FailureAsync<PutRequest, PutResponse>(Kv, "Put", new PutRequest()));

    [Fact]
    public async Task Put_AboveTheRequestLimit_TooLarge() => Assert.Equal(
        new Status(StatusCode.InvalidArgument, "etcdserver: request is too large"),
        await FailureAsync<PutRequest, PutResponse>(
            Kv, "Put", new PutRequest { Key = Text("a"), Value = ByteString.CopyFrom(new byte[1_600_000]) }));

    [Fact]
    public async Task Put_AboveTheMessageLimit_NamesTheSize()
    {
        var request = new PutRequest { Key = Text("a"), Value = ByteString.CopyFrom(new byte[3_000_000]) };
        Assert.Equal(
            new Status(StatusCode.ResourceExhausted, $"grpc: received message larger than max ({request.CalculateSize()} vs. 2097152)"),
            await FailureAsync<PutRequest, PutResponse>(Kv, "Put", request));
    }

    [Fact]
    public async Task Put_Undecodable_Internal()
    {
        var bytes = Marshallers.Create(static (byte[] b) => b, static b => b);
        var method = new Method<byte[], byte[]>(MethodType.Unary, Kv, "Put", bytes, bytes);
        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await gateway.Grpc.AsyncUnaryCall(method, null, default, [0x0a, 0x09]));
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.StartsWith("grpc: error unmarshalling request: ", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compact_Physical_AnswersOnceStorageHasSwept()
    {
        await gateway.Grpc.CallAsync<CompactionRequest, CompactionResponse>(Kv, "Compact", new CompactionRequest { Revision = 1 });
        Assert.Empty(gateway.Cluster.SweepsAwaited);
        var compacting = gateway.Grpc.CallAsync<CompactionRequest, CompactionResponse>(
            Kv, "Compact", new CompactionRequest { Revision = 1, Physical = true });
        await Wait.UntilAsync(() => !gateway.Cluster.SweepsAwaited.IsEmpty);
        Assert.Equal(1, Assert.Single(gateway.Cluster.SweepsAwaited));
        Assert.False(compacting.IsCompleted);
        gateway.Cluster.Swept.TrySetResult();
        await compacting;
    }

    [Fact]
    public async Task Unknown_MethodAndService_GrpcGosWords()
    {
        Assert.Equal(
            new Status(StatusCode.Unimplemented, "unknown method Nope for service etcdserverpb.KV"),
            await FailureAsync<PutRequest, PutResponse>(Kv, "Nope", new PutRequest()));
        // Names are compared byte for byte, other than in ASP.NET's routing.
        Assert.Equal(
            new Status(StatusCode.Unimplemented, "unknown method put for service etcdserverpb.KV"),
            await FailureAsync<PutRequest, PutResponse>(Kv, "put", new PutRequest { Key = Text("a") }));
        Assert.Equal(
            new Status(StatusCode.Unimplemented, "unknown service etcdserverpb.kv"),
            await FailureAsync<PutRequest, PutResponse>("etcdserverpb.kv", "Put", new PutRequest { Key = Text("a") }));
        Assert.Equal(
            new Status(StatusCode.Unimplemented, "unknown service foo.Bar"),
            await FailureAsync<PutRequest, PutResponse>("foo.Bar", "Baz", new PutRequest()));
    }

    [Fact]
    public async Task Txn_OnlyRanges_DoesNotGoThroughTheLog()
    {
        var before = gateway.Cluster.Proposed.Count;
        var txn = await gateway.Grpc.CallAsync<TxnRequest, TxnResponse>(Kv, "Txn", new TxnRequest());
        Assert.True(txn.Succeeded);
        Assert.Equal(before, gateway.Cluster.Proposed.Count);
    }

    [Fact]
    public async Task Txn_DuplicateKey_EtcdsError()
    {
        var put = new RequestOp { RequestPut = new PutRequest { Key = Text("a") } };
        Assert.Equal(
            new Status(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request"),
            await FailureAsync<TxnRequest, TxnResponse>(Kv, "Txn", new TxnRequest { Success = { put, put } }));
    }

    [Fact]
    public async Task LeaseGrant_NoIdSmallTtl_RandomPositiveIdAndMinimum()
    {
        var grant = await gateway.Grpc.CallAsync<LeaseGrantRequest, LeaseGrantResponse>(
            "etcdserverpb.Lease", "LeaseGrant", new LeaseGrantRequest { TTL = 1 });
        Assert.True(grant.ID > 0);
        Assert.Equal(2, grant.TTL);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("gzip")]
    public async Task KeepAlive_Pipelined_OneAnswerEachInOrder(string encoding)
    {
        using var call = gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("etcdserverpb.Lease", "LeaseKeepAlive", MethodType.DuplexStreaming),
            null, new CallOptions(new Metadata { { "grpc-internal-encoding-request", encoding } }, DateTime.UtcNow.AddSeconds(20)));
        var ids = Enumerable.Range(1, 150).Select(i => (long)i).ToList();
        foreach (var id in ids)
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = id });
        await call.RequestStream.CompleteAsync();
        var answers = new List<LeaseKeepAliveResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync())
            answers.Add(answer);
        Assert.Equal(ids, answers.Select(answer => answer.ID));
        Assert.All(answers, answer => Assert.Equal(answer.ID < 100 ? answer.ID : 0, answer.TTL));
    }

    [Fact]
    public async Task TimeToLive_WithKeys_ListsThem()
    {
        var live = await gateway.Grpc.CallAsync<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>(
            "etcdserverpb.Lease", "LeaseTimeToLive", new LeaseTimeToLiveRequest { ID = 10, Keys = true });
        Assert.Equal((9, 10, "k"), (live.TTL, live.GrantedTTL, Assert.Single(live.Keys).ToStringUtf8()));
        var missing = await gateway.Grpc.CallAsync<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>(
            "etcdserverpb.Lease", "LeaseTimeToLive", new LeaseTimeToLiveRequest { ID = 100, Keys = true });
        Assert.Equal((-1, 0, 0), (missing.TTL, missing.GrantedTTL, missing.Keys.Count));
    }

    [Fact]
    public async Task MemberList_Header_HasNoRevision()
    {
        var list = await gateway.Grpc.CallAsync<MemberListRequest, MemberListResponse>(
            "etcdserverpb.Cluster", "MemberList", new MemberListRequest { Linearizable = true });
        Assert.Equal("one", Assert.Single(list.Members).Name);
        Assert.Equal((0, 2UL), (list.Header.Revision, list.Header.RaftTerm));
    }

    [Fact]
    public async Task Status_Fields_OfThisMember()
    {
        var status = await gateway.Grpc.CallAsync<StatusRequest, StatusResponse>(
            "etcdserverpb.Maintenance", "Status", new StatusRequest());
        Assert.Equal(("3.5.30", 8192, 4096, 0xbUL), (status.Version, status.DbSize, status.DbSizeInUse, status.Leader));
    }

    [Fact]
    public async Task Watch_Stream_CreatesDeliversResumesAndCancels()
    {
        using var call = gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming), null,
            new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)));
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Text("a") } });
        await call.RequestStream.WriteAsync(
            new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Text("b"), RangeEnd = Text("a") } });
        var session = await gateway.Hub.NextSessionAsync();
        var spec = await session.NextSpecAsync();
        var refused = await NextAsync(call);
        Assert.Equal((-1, "mvcc: watcher range is empty"), (refused.WatchId, refused.CancelReason));

        session.Say(Messages.Created(spec.WatchId, 5), Messages.Put(spec.WatchId, 6, "a"), Messages.Put(spec.WatchId, 7, "a"));
        Assert.True((await NextAsync(call)).Created);
        Assert.Equal(6, Assert.Single((await NextAsync(call)).Events).Kv.ModRevision);
        Assert.Equal(7, (await NextAsync(call)).Header.Revision);

        // The hub goes away: another session carries on behind the last revision, and the client hears nothing of it.
        session.End();
        session = await gateway.Hub.NextSessionAsync();
        var resumed = await session.NextSpecAsync();
        Assert.Equal(8, resumed.StartRevision);
        session.Say(Messages.Created(resumed.WatchId, 7), Messages.Put(resumed.WatchId, 8, "a"));
        Assert.Equal(8, Assert.Single((await NextAsync(call)).Events).Kv.ModRevision);

        await call.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });
        Assert.Equal((-1, 9), ((await NextAsync(call)).WatchId, 9));
        await call.RequestStream.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = 0 } });
        Assert.True((await NextAsync(call)).Canceled);

        // Half-closing does not end the stream.
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Text("c"), WatchId = 5 } });
        var second = await session.NextSpecAsync();
        await call.RequestStream.CompleteAsync();
        session.Say(Messages.Created(second.WatchId, 9), Messages.Put(second.WatchId, 10, "c"));
        Assert.Equal(5, (await NextAsync(call)).WatchId);
        Assert.Equal(10, Assert.Single((await NextAsync(call)).Events).Kv.ModRevision);
    }

    [Fact]
    public async Task Watch_HubTakesNoRequests_ClientsWaitInTheConnection()
    {
        using var call = gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming), null, default);
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Text("a") } });
        var session = await gateway.Hub.NextSessionAsync();
        await session.NextSpecAsync();
        session.BeFull();
        foreach (var key in (string[])["b", "c"])
            await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Text(key) } });
        await session.SomebodyWaitsAsync();
        // The first of them may have been read before the hub was full.
        var early = session.TryNextSpec(out _) ? 1 : 0;
        Assert.False(session.TryNextSpec(out _));
        session.MakeRoom();
        for (var n = early; n < 2; n++)
            await session.NextSpecAsync();
    }

    private static async Task<WatchResponse> NextAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return call.ResponseStream.Current;
    }
}
