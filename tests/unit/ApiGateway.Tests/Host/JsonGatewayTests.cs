using System.Net;
using System.Net.WebSockets;
using System.Text;
using ApiGateway.Host;
using ApiGateway.Host.Json;
using ApiGateway.Tests.Fakes;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: HTTP/1.1 reaches the gRPC methods and their checks, as etcd 3.5's gateway does. Method: requests over fakes; bodies whole. What the methods answer is compared with etcd elsewhere.</summary>
public sealed class JsonGatewayTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private const string Header = "\"header\":{\"cluster_id\":\"10\",\"member_id\":\"11\",";

    private async Task<(int Status, string Body)> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        await PostAsync(gateway.Http, path, body, headers);

    private static async Task<(int Status, string Body)> PostAsync(HttpClient http, string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/v3/")]
    [InlineData("/v3beta/")]
    [InlineData("/v3alpha/")]
    public async Task Put_UnderEveryPrefix_IsServed(string prefix)
    {
        var (status, body) = await PostAsync(prefix + "kv/put", """{"key":"Zm9v","value":"YmFy"}""");
        Assert.Equal(200, status);
        Assert.StartsWith("{" + Header, body, StringComparison.Ordinal);
        (_, body) = await PostAsync(prefix + "kv/range", """{"key":"Zm9v"}""");
        Assert.Contains("\"kvs\":[{\"key\":\"Zm9v\",", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_IsEtcdsBody() => Assert.Equal(
        (400, """{"error":"etcdserver: key is not provided","code":3,"message":"etcdserver: key is not provided"}"""), await PostAsync("/v3/kv/range", "{}"));

    [Fact]
    public async Task Downgrade_IsServedAsAllElseIs()
    {
        var (status, body) = await PostAsync("/v3/maintenance/downgrade", """{"version":"3.4"}""");
        Assert.Equal(200, status);
        Assert.Contains("\"version\":\"3.5.0\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_AboveAnyMessage_IsRefused()
    {
        var (status, body) = await PostAsync("/v3/kv/put", "{\"value\":\"" + new string('A', 24 * 1024 * 1024) + "\"}");
        Assert.Equal(429, status);
        Assert.Contains("a request of more than", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_AboveTheMessageLimit_NamesTheSize()
    {
        var (status, body) = await PostAsync("/v3/kv/put", $$"""{"value":"{{Convert.ToBase64String(new byte[3_000_000])}}"}""");
        Assert.Equal((429, true), (status, body.Contains("grpc: received message larger than max (3000005 vs. 2097152)", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Watch_EventsComeAsLines_WhileTheStreamIsOpen()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v3/watch") { Content = new StringContent("""{"create_request":{"key":"a2V5"}}""") };
        var answering = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var session = await gateway.Hub.NextSessionAsync();
        var spec = await session.NextSpecAsync();
        Assert.Equal("key", Encoding.UTF8.GetString(spec.Key.Span));
        session.Say(Messages.Created(spec.WatchId, 5));
        using var response = await answering;
        Assert.Equal(("application/json", "application/grpc"), (response.Content.Headers.ContentType!.ToString(), response.Headers.GetValues("Grpc-Metadata-Content-Type").Single()));
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.EndsWith("\"created\":true}}", await lines.ReadLineAsync(), StringComparison.Ordinal);
        session.Say(Messages.Put(spec.WatchId, 6, "key"));
        Assert.EndsWith("\"events\":[{\"kv\":{\"key\":\"a2V5\",\"mod_revision\":\"6\"}}]}}", await lines.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deadline_Passed_IsTold()
    {
        // Its own: the session that it leaves is nobody else's to find.
        var silent = new GatewayFixture();
        await silent.InitializeAsync();
        Assert.Equal(
            (504, """{"error":{"grpc_code":4,"http_code":504,"message":"context deadline exceeded","http_status":"Gateway Timeout"}}"""),
            await PostAsync(silent.Http, "/v3/watch", """{"create_request":{"key":"YQ=="}}""", ("Grpc-Timeout", "50m")));
        await silent.DisposeAsync();
    }

    [Fact]
    public async Task LargeValue_Travels()
    {
        var value = Convert.ToBase64String(new byte[1_000_000]);
        Assert.Equal(200, (await PostAsync("/v3/kv/put", $$"""{"key":"bGFyZ2U=","value":"{{value}}"}""")).Status);
        Assert.Contains(value, (await PostAsync("/v3/kv/range", """{"key":"bGFyZ2U="}""")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WebSocket_RequestsAndLines_AreMessages()
    {
        using var socket = new ClientWebSocket();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await socket.ConnectAsync(new Uri($"ws://{gateway.Address}/v3/lease/keepalive"), patience.Token);
        foreach (var id in (int[])[2, 5, 200])
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"ID":{{id}}}"""), WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            var buffer = new byte[1024];
            var received = await socket.ReceiveAsync(buffer, patience.Token);
            Assert.True(received.EndOfMessage);
            Assert.EndsWith(id < 100 ? $"\"ID\":\"{id}\",\"TTL\":\"{id}\"}}}}" : $"\"ID\":\"{id}\"}}}}", Encoding.UTF8.GetString(buffer, 0, received.Count), StringComparison.Ordinal);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
    }

    [Fact]
    public async Task Metadata_ReachesTheChecks()
    {
        var impatient = new ImpatientGateway();
        await impatient.InitializeAsync();
        impatient.Cluster.HasLeader = false;
        // The gateway hears of it with the next status.
        while ((await PostAsync(impatient.Http, "/v3/kv/range", """{"key":"YQ=="}""", ("Grpc-Metadata-hasleader", "true"))).Body is var body && !body.Contains("no leader", StringComparison.Ordinal))
            Assert.Contains("etcdserver", body, StringComparison.Ordinal);
        Assert.Equal(
            (503, """{"error":"etcdserver: no leader","code":14,"message":"etcdserver: no leader"}"""),
            await PostAsync(impatient.Http, "/v3/kv/put", """{"key":"YQ=="}""", ("Grpc-Metadata-hasleader", "true")));
        Assert.Equal(
            (503, """{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}"""),
            await PostAsync(impatient.Http, "/v3/watch", """{"create_request":{"key":"YQ=="}}""", ("Grpc-Metadata-hasleader", "true")));
        await impatient.DisposeAsync();
    }

    [Fact]
    public async Task TurnedOff_NothingIsThere()
    {
        var without = new GatewayWithoutJson();
        await without.InitializeAsync();
        Assert.Equal((404, "404 page not found\n"), await PostAsync(without.Http, "/v3/kv/range", "{}"));
        await without.DisposeAsync();
    }

    [Fact]
    public void EveryMethod_HasAPath_ButTheOneThatHasNoneInEtcd()
    {
        var without = JsonRoutes.Services.SelectMany(service => service.Methods).Where(method => !JsonRoutes.IsMapped(method)).Select(method => method.FullName);
        Assert.Equal(["etcdserverpb.KV.RangeStream"], without);
    }

    private sealed class GatewayWithoutJson : GatewayFixture
    {
        protected override GatewayOptions Options => new() { ServesJson = false };
    }
}
