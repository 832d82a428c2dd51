using System.Net;
using System.Net.Sockets;
using System.Text;
using ApiGateway.Tests.Fakes;
using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>The v2 REST API and its neighbours; expected answers are those of etcd 3.4.23 and 3.5.30.</summary>
public sealed class RestTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private async Task<(HttpResponseMessage Response, string Body)> SendAsync(string method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        var response = await gateway.Http.SendAsync(request);
        return (response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>For targets that HttpClient would clean.</summary>
    private async Task<string> RawAsync(string requestLine)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(gateway.Address);
        await socket.SendAsync(Encoding.Latin1.GetBytes($"{requestLine} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();

    [Fact]
    public async Task Put_Form_BecomesACommand()
    {
        var (response, body) = await SendAsync(
            "PUT", "/v2/keys/a%2Fb/?value=query", new FormUrlEncodedContent([new("value", "x y"), new("ttl", "5")]));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("{\"action\":\"set\"}\n", body);
        Assert.Equal("a", Header(response, "X-Etcd-Cluster-Id"));
        Assert.Equal(gateway.Cluster.V2Index.ToString(), Header(response, "X-Etcd-Index"));
        Assert.Equal("2", Header(response, "X-Raft-Term"));
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("*", Header(response, "Access-Control-Allow-Origin"));
        var command = gateway.Cluster.V2Writes.Last();
        Assert.Equal(("/a/b", "x y", true), (command.Path, command.Value.ToStringUtf8(), command.HasExpiresAtUnixNanos));
    }

    [Fact]
    public async Task Put_JsonBody_HasNoValue()
    {
        await SendAsync("PUT", "/v2/keys/json", new StringContent("value=x", Encoding.UTF8, "application/json"));
        Assert.Equal(("/json", ""), (gateway.Cluster.V2Writes.Last().Path, gateway.Cluster.V2Writes.Last().Value.ToStringUtf8()));
    }

    [Fact]
    public async Task Put_OversizedForm_Refused()
    {
        var content = new StringContent("value=" + new string('x', 10 * 1024 * 1024), Encoding.UTF8, "application/x-www-form-urlencoded");
        var (response, body) = await SendAsync("PUT", "/v2/keys/x", content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("{\"errorCode\":210,\"message\":\"Invalid POST form\",\"cause\":\"http: POST too large\",\"index\":0}\n", body);
    }

    [Fact]
    public async Task Get_StoreError_StatusBodyAndIndex()
    {
        gateway.Cluster.OnGetV2 = path => new ReadResult(
            StorageError.V2, 7, new LogIndex(9), new Term(2), 100, Encoding.UTF8.GetBytes(path));
        var (response, body) = await SendAsync("GET", "/v2/keys/nope");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("{\"errorCode\":100,\"message\":\"Key not found\",\"cause\":\"/nope\",\"index\":7}\n", body);
        Assert.Equal("7", Header(response, "X-Etcd-Index"));
    }

    [Fact]
    public async Task Head_Key_LengthWithoutBody()
    {
        gateway.Cluster.OnGetV2 = _ => new ReadResult(StorageError.None, 7, new LogIndex(9), new Term(2), 0, "{}"u8.ToArray());
        var (response, body) = await SendAsync("HEAD", "/v2/keys/");
        Assert.Equal((HttpStatusCode.OK, "", 3L), (response.StatusCode, body, response.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Get_BadParameter_Index0()
    {
        var (response, body) = await SendAsync("GET", "/v2/keys/x?recursive=bar");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("0", Header(response, "X-Etcd-Index"));
        Assert.Equal(
            "{\"errorCode\":209,\"message\":\"Invalid field\",\"cause\":\"invalid value for \\\"recursive\\\"\",\"index\":0}\n", body);
    }

    [Theory]
    [InlineData("PATCH", "/v2/keys/x", "HEAD,GET,PUT,POST,DELETE")]
    [InlineData("PATCH", "/v2/members", "GET,POST,DELETE,PUT")]
    [InlineData("PUT", "/v2/machines", "GET,HEAD")]
    [InlineData("POST", "/version", "GET")]
    [InlineData("POST", "/health", "GET")]
    public async Task Method_NotAllowed_SaysWhichAre(string method, string path, string allow)
    {
        var (response, body) = await SendAsync(method, path);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(allow, string.Join(',', response.Content.Headers.Allow));
        Assert.Equal("Method Not Allowed\n", body);
    }

    [Fact]
    public async Task UncleanPath_Get_Redirected()
    {
        var answer = await RawAsync("GET /v2/keys/a/..//x?a=b");
        Assert.StartsWith("HTTP/1.1 301 Moved Permanently\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Location: /v2/keys/x?a=b\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n<a href=\"/v2/keys/x?a=b\">Moved Permanently</a>.\n\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadEscape_InPath_BareBadRequest()
    {
        var answer = await RawAsync("GET /v2/keys/%zz");
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("400 Bad Request", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/v2/keysx")]
    [InlineData("/v2/machines/")]
    [InlineData("/")]
    public async Task Unknown_Path_NotFound(string path)
    {
        var (response, body) = await SendAsync("GET", path);
        Assert.Equal((HttpStatusCode.NotFound, "404 page not found\n"), (response.StatusCode, body));
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
    }

    [Theory]
    [InlineData("/v2/members", "{\"members\":[{\"id\":\"b\",\"name\":\"one\",\"peerURLs\":[\"http://127.0.0.1:2380\"],\"clientURLs\":[\"http://127.0.0.1:2379\"]}]}\n")]
    [InlineData("/v2/members/leader", "{\"id\":\"b\",\"name\":\"one\",\"peerURLs\":[\"http://127.0.0.1:2380\"],\"clientURLs\":[\"http://127.0.0.1:2379\"]}\n")]
    [InlineData("/v2/members/zz", "{\"message\":\"Not found\"}")]
    [InlineData("/v2/machines", "http://127.0.0.1:2379")]
    [InlineData("/health", "{\"health\":\"true\",\"reason\":\"\"}")]
    public async Task Get_Cluster_EtcdsBody(string path, string expected) =>
        Assert.Equal(expected, (await SendAsync("GET", path)).Body);

    [Fact]
    public async Task Options_AnyPath_EmptyWithCors()
    {
        var (response, body) = await SendAsync("OPTIONS", "/foo");
        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, body));
        Assert.Equal("accept, content-type, authorization", Header(response, "Access-Control-Allow-Headers"));
    }

    [Fact]
    public async Task Wait_LongPoll_HeadersAtOnceThenOneEvent()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/keys/w?wait=true&recursive=true");
        using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var began = long.Parse(Header(response, "X-Etcd-Index"));
        Assert.True(response.Headers.TransferEncodingChunked);
        var session = await gateway.Hub.NextSessionAsync();
        var spec = await session.NextSpecAsync();
        Assert.Equal((KeySpace.V2, began + 1, "/w"), (spec.Space, spec.StartRevision, Encoding.UTF8.GetString(spec.Key.Span)));
        Assert.Equal([0], spec.RangeEnd.ToArray());
        session.Say(Messages.Created(spec.WatchId, began));
        session.End();
        session = await gateway.Hub.NextSessionAsync();
        spec = await session.NextSpecAsync();
        session.Say(Messages.Created(spec.WatchId, began), Messages.V2(spec.WatchId, began + 1, "{\"action\":\"set\"}"));
        Assert.Equal("{\"action\":\"set\"}\n", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Wait_ClearedHistory_Refused()
    {
        var before = gateway.Cluster.V2Index;
        gateway.Cluster.V2Index = 2500;
        var (response, body) = await SendAsync("GET", "/v2/keys/w?wait=true&waitIndex=7");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(
            "{\"errorCode\":401,\"message\":\"The event in requested index is outdated and cleared\","
            + "\"cause\":\"the requested history has been cleared [1501/7]\",\"index\":2500}\n", body);
        gateway.Cluster.V2Index = before;
    }
}
