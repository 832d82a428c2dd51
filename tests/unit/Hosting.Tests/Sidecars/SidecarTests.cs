using Hosting.Clients;
using Hosting.Sidecars;
using Microsoft.Extensions.Configuration;

namespace Hosting.Tests.Sidecars;

public sealed class SidecarTests
{
    [Theory]
    [InlineData("", "", "http://127.0.0.1:50001")]
    [InlineData("", "3500", "http://127.0.0.1:3500")]
    [InlineData("https://sidecar:443", "3500", "https://sidecar:443")]
    public void Read_TakesTheEndpointBeforeThePort(string endpoint, string port, string address) =>
        Assert.Equal(new Sidecar(address, null), Sidecar.Read(Configuration(("DAPR_GRPC_ENDPOINT", endpoint), ("DAPR_GRPC_PORT", port), ("DAPR_API_TOKEN", ""))));

    [Fact]
    public void ToString_DoesNotShowTheToken() => Assert.Equal("http://s:1", new Sidecar("http://s:1", "hush").ToString());

    [Theory]
    [InlineData("dapr:watch-hub-1", "watch-hub-1")]
    [InlineData("dapr:Hub_1-of-two", "Hub_1-of-two")]
    [InlineData("dapr:hub.other", null)]
    [InlineData("dapr:", null)]
    [InlineData("dapr:-hub", null)]
    [InlineData("dapr:hub||other", null)]
    [InlineData("dapr:hub\r\nx", null)]
    [InlineData("http://hub:8080", null)]
    public void AppAddress_IsAnAppId(string address, string? appId)
    {
        Assert.Equal(appId is not null, AppAddress.TryParse(address, out var parsed));
        Assert.Equal(appId, parsed);
    }

    [Theory]
    [InlineData("hush")]
    [InlineData(null)]
    public async Task Route_NamesTheAppAndShowsTheToken(string? token)
    {
        using var end = new Recorder();
        using var route = new AppRoute(new Sidecar("http://s:1", token), "hub-1") { InnerHandler = end };
        using var client = new HttpMessageInvoker(route, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://s:1/x");
        using var answer = await client.SendAsync(request, CancellationToken.None);
        string[] expected = ["dapr-app-id=hub-1", "dapr-stream=true", .. token is null ? (string[])[] : [$"dapr-api-token={token}"]];
        Assert.Equal(expected, end.Headers);
    }

    /// <summary>Go's gRPC servers send away whoever pings more often than every five minutes: a quiet stream of keep-alives would be lost again and again.</summary>
    [Fact]
    public void Routed_DoesNotPing()
    {
        using var direct = new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(1) };
        Assert.Same(direct, ChannelFactory.Routed(direct, null));
        Assert.Equal(TimeSpan.FromSeconds(1), direct.KeepAlivePingDelay);
        using var routed = new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(1) };
        using var route = new AppRoute(new Sidecar("http://s:1", null), "hub-1");
        Assert.Same(route, ChannelFactory.Routed(routed, route));
        Assert.Equal(Timeout.InfiniteTimeSpan, routed.KeepAlivePingDelay);
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] given) => new ConfigurationBuilder()
        .AddInMemoryCollection(given.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();

    private sealed class Recorder : HttpMessageHandler
    {
        public IReadOnlyList<string> Headers { get; private set; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Headers = [.. request.Headers.Select(static header => $"{header.Key}={header.Value.Single()}")];
            return Task.FromResult(new HttpResponseMessage());
        }
    }
}
