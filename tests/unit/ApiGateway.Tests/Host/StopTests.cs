using System.Net;
using ApiGateway.Host.ClientPort;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>What clients see of a gateway that is told to stop while they use it: answers to what is under way, and an end of what would stay for ever.</summary>
public sealed class StopTests : IAsyncLifetime
{
    // Open streams must not be what holds a stop up; the drain waits three seconds for requests.
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(2.5);

    private readonly GatewayFixture _gateway = new();

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public Task DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Stop_OpenStreams_EndWithAnErrorThatMeansElsewhere()
    {
        using var watch = _gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming), null, default);
        await watch.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k") } });
        await (await _gateway.Hub.NextSessionAsync()).NextSpecAsync();
        using var keepAlive = _gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("etcdserverpb.Lease", "LeaseKeepAlive", MethodType.DuplexStreaming), null, default);
        await keepAlive.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = 1 });
        Assert.True(await keepAlive.ResponseStream.MoveNext());

        var stopping = _gateway.StopAsync();
        foreach (var ends in (Func<Task>[])[() => watch.ResponseStream.MoveNext(), () => keepAlive.ResponseStream.MoveNext()])
        {
            var error = await Assert.ThrowsAsync<RpcException>(ends);
            Assert.Equal((StatusCode.Unavailable, "etcdserver: server stopped"), (error.StatusCode, error.Status.Detail));
        }
        await stopping.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Stop_LongPoll_EndsWithoutAnEvent()
    {
        using var response = await _gateway.Http.GetAsync("/v2/keys/w?wait=true", HttpCompletionOption.ResponseHeadersRead);
        await (await _gateway.Hub.NextSessionAsync()).NextSpecAsync();

        var stopping = _gateway.StopAsync();
        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        await stopping.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Stop_PutUnderWay_IsAnswered()
    {
        _gateway.Cluster.HoldResults = true;
        var put = _gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", new PutRequest { Key = ByteString.CopyFromUtf8("k") });
        while (_gateway.Cluster.Applied == 0)
            await Task.Yield();

        var stopping = _gateway.StopAsync();
        // Nobody gets in any more; the one who is in waits for its answer.
        await Assert.ThrowsAsync<HttpRequestException>(() => UntilRefusedAsync());
        Assert.False(put.IsCompleted);
        _gateway.Cluster.ReleaseResults();
        await put;
        await stopping.WaitAsync(s_soon);
    }

    /// <summary>While a gateway that is told to stop serves on, HTTP/1.1 clients leave with an answer, not by a connection that ends under their next request.</summary>
    [Theory]
    [InlineData("/version")]
    [InlineData("/v2/keys/none")]
    [InlineData("/nothing")]
    public async Task ToldToStop_AnswersOfHttp1_SayThatTheConnectionEnds(string path)
    {
        using (var before = await _gateway.Http.GetAsync(path))
            Assert.NotEqual(true, before.Headers.ConnectionClose);
        _gateway.Service<StopNotice>().Give();
        using (var after = await _gateway.Http.GetAsync(path))
            Assert.True(after.Headers.ConnectionClose);
        // HTTP/2 has its own way.
        await _gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", new PutRequest { Key = ByteString.CopyFromUtf8("k") });
    }

    private async Task UntilRefusedAsync()
    {
        while (true)
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://{_gateway.Address}") };
            using var answer = await http.GetAsync("/version");
        }
    }
}
