using System.Net;
using System.Text;
using ApiGateway.Tests.Fakes;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>Membership, leadership, learners and the time without a leader, over both APIs and fakes.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private const string Cluster = "etcdserverpb.Cluster";
    private const string Kv = "etcdserverpb.KV";
    private const string Maintenance = "etcdserverpb.Maintenance";
    private static readonly Metadata s_hasLeader = new() { { "hasleader", "true" } };
    private readonly ImpatientGateway _gateway = new();

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public Task DisposeAsync() => _gateway.DisposeAsync();

    private Task<TResponse> CallAsync<TRequest, TResponse>(string service, string method, TRequest request, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        _gateway.Grpc.CallAsync<TRequest, TResponse>(service, method, request, headers);

    private async Task<string> FailureAsync<TRequest, TResponse>(string service, string method, TRequest request, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        (await Assert.ThrowsAsync<RpcException>(() => CallAsync<TRequest, TResponse>(service, method, request, headers))).Status.Detail;

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8);
            request.Content.Headers.ContentType = new("application/json");
        }
        using var response = await _gateway.Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Until the gateway has noticed.</summary>
    private async Task LoseLeaderAsync()
    {
        _gateway.Cluster.HasLeader = false;
        await UntilFailureAsync("etcdserver: no leader");
    }

    private async Task UntilFailureAsync(string expected)
    {
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while (true)
        {
            try
            {
                await CallAsync<PutRequest, PutResponse>(Kv, "Put", new PutRequest { Key = ByteString.CopyFromUtf8("k") }, s_hasLeader);
            }
            catch (RpcException exception) when (exception.Status.Detail == expected)
            {
                return;
            }
            Assert.True(DateTime.UtcNow < deadline);
        }
    }

    [Fact]
    public async Task MemberAdd_Learner_AsksConsensusAndShowsTheMember()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var added = await CallAsync<MemberAddRequest, MemberAddResponse>(
            Cluster, "MemberAdd", new MemberAddRequest { PeerURLs = { "http://b:2", "http://a:1" }, IsLearner = true });
        var change = Assert.Single(_gateway.Cluster.Changes);
        Assert.Equal((MembershipChangeKind.AddLearner, added.Member.ID), (change.Kind, change.Member.Value));
        Assert.NotEqual(0UL, change.Id);
        Assert.Contains(change.Member, Enumerable.Range(0, 10).Select(i => ApiGateway.Core.Membership.MemberIdRule.Derive(["http://a:1", "http://b:2"], before + i)));
        Assert.Equal(["http://a:1", "http://b:2"], change.PeerUrls);
        Assert.Equal(("", true), (added.Member.Name, added.Member.IsLearner));
        Assert.Empty(added.Member.ClientURLs);
        Assert.Equal([1UL, 0xbUL], added.Members.Select(member => member.ID));
        Assert.Equal((0xaUL, 0xbUL, 0L, 3UL), (added.Header.ClusterId, added.Header.MemberId, added.Header.Revision, added.Header.RaftTerm));
    }

    [Theory]
    [InlineData]
    [InlineData("ftp://a:1")]
    [InlineData("http://a")]
    [InlineData("http://a:1/x")]
    public async Task MemberAddAndUpdate_BadUrls_RefusedBeforeConsensus(params string[] urls)
    {
        const string Expected = "etcdserver: given member URLs are invalid";
        Assert.Equal(Expected, await FailureAsync<MemberAddRequest, MemberAddResponse>(Cluster, "MemberAdd", new MemberAddRequest { PeerURLs = { urls } }));
        Assert.Equal(Expected, await FailureAsync<MemberUpdateRequest, MemberUpdateResponse>(Cluster, "MemberUpdate", new MemberUpdateRequest { ID = 1, PeerURLs = { urls } }));
        Assert.Empty(_gateway.Cluster.Changes);
    }

    [Fact]
    public async Task RemoveUpdatePromote_Accepted_EachItsChange()
    {
        Assert.Equal(2, (await CallAsync<MemberRemoveRequest, MemberRemoveResponse>(Cluster, "MemberRemove", new MemberRemoveRequest { ID = 1 })).Members.Count);
        await CallAsync<MemberUpdateRequest, MemberUpdateResponse>(Cluster, "MemberUpdate", new MemberUpdateRequest { ID = 2, PeerURLs = { "http://a:1" } });
        await CallAsync<MemberPromoteRequest, MemberPromoteResponse>(Cluster, "MemberPromote", new MemberPromoteRequest { ID = 3 });
        Assert.Equal(
            [(MembershipChangeKind.Remove, 1UL), (MembershipChangeKind.UpdatePeerUrls, 2UL), (MembershipChangeKind.Promote, 3UL)],
            _gateway.Cluster.Changes.Select(change => (change.Kind, change.Member.Value)));
        Assert.Equal(3, _gateway.Cluster.Changes.Select(change => change.Id).Distinct().Count());
    }

    [Fact]
    public async Task Changes_RefusedOrWithoutLeader_EtcdsErrors()
    {
        _gateway.Cluster.OnChange = _ => MembershipError.NotEnoughStarted;
        Assert.Equal(
            "etcdserver: re-configuration failed due to not enough started members",
            await FailureAsync<MemberRemoveRequest, MemberRemoveResponse>(Cluster, "MemberRemove", new MemberRemoveRequest { ID = 1 }));
        _gateway.Cluster.HasLeader = false;
        Assert.Equal(
            "etcdserver: request timed out",
            await FailureAsync<MemberRemoveRequest, MemberRemoveResponse>(Cluster, "MemberRemove", new MemberRemoveRequest { ID = 1 }));
        Assert.Equal(
            "etcdserver: no leader",
            await FailureAsync<MemberPromoteRequest, MemberPromoteResponse>(Cluster, "MemberPromote", new MemberPromoteRequest { ID = 1 }));
    }

    [Fact]
    public async Task MemberList_LinearizableOrLocal_AsksForAReadIndexOrNot()
    {
        var local = await CallAsync<MemberListRequest, MemberListResponse>(Cluster, "MemberList", new MemberListRequest());
        Assert.Equal("one", Assert.Single(local.Members).Name);
        Assert.Equal(0, _gateway.Cluster.ReadIndexes);
        await CallAsync<MemberListRequest, MemberListResponse>(Cluster, "MemberList", new MemberListRequest { Linearizable = true });
        Assert.Equal(1, _gateway.Cluster.ReadIndexes);
        Assert.Equal(_gateway.Cluster.Index, Assert.Single(_gateway.Cluster.StatusesAtLeast).Value);
    }

    [Fact]
    public async Task MoveLeader_Outcomes_EtcdsErrorsAndNoHeader()
    {
        Assert.Null((await CallAsync<MoveLeaderRequest, MoveLeaderResponse>(Maintenance, "MoveLeader", new MoveLeaderRequest { TargetID = 7 })).Header);
        Assert.Equal(7UL, Assert.Single(_gateway.Cluster.Transfers).Value);
        // To itself: nothing to do.
        await CallAsync<MoveLeaderRequest, MoveLeaderResponse>(Maintenance, "MoveLeader", new MoveLeaderRequest { TargetID = 0xb });
        Assert.Single(_gateway.Cluster.Transfers);
        _gateway.Cluster.OnTransfer = _ => TransferOutcome.NotLeader;
        Assert.Equal("etcdserver: not leader", await FailureAsync<MoveLeaderRequest, MoveLeaderResponse>(Maintenance, "MoveLeader", new MoveLeaderRequest { TargetID = 7 }));
    }

    [Fact]
    public async Task AlarmGet_IsLinearizable()
    {
        _gateway.Cluster.Alarms.Add((0xb, 1));
        var alarms = await CallAsync<AlarmRequest, AlarmResponse>(Maintenance, "Alarm", new AlarmRequest());
        Assert.Equal(0xbUL, Assert.Single(alarms.Alarms).MemberID);
        Assert.Equal(1, _gateway.Cluster.ReadIndexes);
    }

    [Fact]
    public async Task Learner_ServesStatusAndSerializableRanges_RefusesTheRest()
    {
        const string Expected = "etcdserver: rpc not supported for learner";
        _gateway.Cluster.IsLearner = true;
        await UntilFailureAsync(Expected);
        var key = ByteString.CopyFromUtf8("k");
        Assert.True((await CallAsync<StatusRequest, StatusResponse>(Maintenance, "Status", new StatusRequest())).IsLearner);
        await CallAsync<RangeRequest, RangeResponse>(Kv, "Range", new RangeRequest { Key = key, Serializable = true });
        Assert.Equal(Expected, await FailureAsync<RangeRequest, RangeResponse>(Kv, "Range", new RangeRequest { Key = key }));
        Assert.Equal(Expected, await FailureAsync<MemberListRequest, MemberListResponse>(Cluster, "MemberList", new MemberListRequest()));
        Assert.Equal(Expected, await FailureAsync<AlarmRequest, AlarmResponse>(Maintenance, "Alarm", new AlarmRequest()));
        Assert.Equal(Expected, await FailureAsync<LeaseGrantRequest, LeaseGrantResponse>("etcdserverpb.Lease", "LeaseGrant", new LeaseGrantRequest { TTL = 5 }));
        using var watch = Watch(null);
        Assert.Equal(Expected, (await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(default))).Status.Detail);
        // Promoted: served again.
        _gateway.Cluster.IsLearner = false;
        await Wait.UntilAsync(() => CallAsync<RangeRequest, RangeResponse>(Kv, "Range", new RangeRequest { Key = key }).ContinueWith(range => range.IsCompletedSuccessfully, TaskScheduler.Default).GetAwaiter().GetResult());
    }

    [Fact]
    public async Task HasLeader_NoLeader_UnaryRefusedAtOnceAndStreamsEndAfterAWhile()
    {
        using var insisting = Watch(s_hasLeader);
        using var patient = Watch(null);
        await insisting.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k") } });
        await patient.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k") } });
        // Both calls have reached the gateway.
        await _gateway.Hub.NextSessionAsync();
        await _gateway.Hub.NextSessionAsync();
        var silent = patient.ResponseStream.MoveNext(default);
        await LoseLeaderAsync();
        var ended = await Assert.ThrowsAsync<RpcException>(() => insisting.ResponseStream.MoveNext(default).WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal((StatusCode.Unavailable, "etcdserver: no leader"), (ended.StatusCode, ended.Status.Detail));
        Assert.False(silent.IsCompleted);
    }

    [Fact]
    public async Task Status_NoLeader_SaysSo()
    {
        _gateway.Cluster.HasLeader = false;
        var status = await CallAsync<StatusRequest, StatusResponse>(Maintenance, "Status", new StatusRequest());
        Assert.Equal((0UL, "etcdserver: no leader"), (status.Leader, Assert.Single(status.Errors)));
    }

    [Fact]
    public async Task Range_NoLeaderForTooLong_TimedOut()
    {
        _gateway.Cluster.HasLeader = false;
        Assert.Equal(
            "etcdserver: request timed out",
            await FailureAsync<RangeRequest, RangeResponse>(Kv, "Range", new RangeRequest { Key = ByteString.CopyFromUtf8("k") }));
    }

    [Fact]
    public async Task KeepAlive_NoManagerForTooLong_NoLeader()
    {
        using var call = _gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("etcdserverpb.Lease", "LeaseKeepAlive", MethodType.DuplexStreaming), null, default);
        _gateway.Leases.NotActiveTimes = int.MaxValue;
        await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = 7 });
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        Assert.Equal((StatusCode.Unavailable, "etcdserver: no leader"), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task V2Members_Changes_EtcdsStatusesAndBodies()
    {
        var (status, body) = await SendAsync("POST", "/v2/members", """{"peerURLs":["http://b:2","http://a:1"]}""");
        var id = _gateway.Cluster.Changes.Last().Member;
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal($$"""{"id":"{{id}}","name":"","peerURLs":["http://a:1","http://b:2"],"clientURLs":[]}""" + "\n", body);
        Assert.Equal((HttpStatusCode.NoContent, ""), await SendAsync("PUT", "/v2/members/ab", """{"peerURLs":["http://a:1"]}"""));
        Assert.Equal((HttpStatusCode.NoContent, ""), await SendAsync("DELETE", "/v2/members/ab"));
        Assert.Equal(
            [MembershipChangeKind.AddVoter, MembershipChangeKind.UpdatePeerUrls, MembershipChangeKind.Remove],
            _gateway.Cluster.Changes.Select(change => change.Kind));
        Assert.Equal((HttpStatusCode.NotFound, """{"message":"No such member: xyz"}"""), await SendAsync("DELETE", "/v2/members/xyz"));
        _gateway.Cluster.OnChange = _ => MembershipError.MemberRemoved;
        Assert.Equal((HttpStatusCode.Gone, """{"message":"Member permanently removed: ab"}"""), await SendAsync("DELETE", "/v2/members/ab"));
        Assert.Equal((HttpStatusCode.BadRequest, """{"message":"no valid URLs given"}"""), await SendAsync("PUT", "/v2/members/ab", "{}"));
        _gateway.Cluster.HasLeader = false;
        Assert.Equal((HttpStatusCode.InternalServerError, """{"message":"Internal Server Error"}"""), await SendAsync("DELETE", "/v2/members/ab"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"message":"During election"}"""), await SendAsync("GET", "/v2/members/leader"));
    }

    private AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Watch(Metadata? headers) => _gateway.Grpc.AsyncDuplexStreamingCall(
        Proto.Method<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming), null, new CallOptions(headers));
}
