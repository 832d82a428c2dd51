using System.Net;
using ApiGateway.Host;
using ApiGateway.Tests.Fakes;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: which browsers' pages may call, as etcd 3.5.30 answers with <c>--cors</c> and <c>--host-whitelist</c>.</summary>
public sealed class BrowserAccessTests(BrowserAccessTests.ChoosyGateway gateway) : IClassFixture<BrowserAccessTests.ChoosyGateway>
{
    /// <summary>A gateway that knows one origin and two hosts.</summary>
    public sealed class ChoosyGateway : GatewayFixture
    {
        protected override GatewayOptions Options => new() { CorsOrigins = ["http://good.com:80"], HostWhitelist = ["a", "b"] };
    }

    [Fact]
    public async Task Host_NoneOfOurs_IsMisdirected()
    {
        using var response = await SendAsync(HttpMethod.Get, "127.0.0.1:1", origin: null);
        Assert.Equal((HttpStatusCode.MisdirectedRequest, 371L), (response.StatusCode, response.Content.Headers.ContentLength));
        Assert.Contains("etcd --host-whitelist \"127.0.0.1\"\n", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Methods"));
    }

    [Fact]
    public async Task Origin_Known_IsNamed()
    {
        using var response = await SendAsync(HttpMethod.Get, "a:99", "http://good.com:80");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["http://good.com:80"], response.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Equal(["POST, GET, OPTIONS, PUT, DELETE"], response.Headers.GetValues("Access-Control-Allow-Methods"));
    }

    [Theory]
    [InlineData("http://bad.com:80")]
    [InlineData(null)]
    public async Task Origin_Unknown_IsToldNothing(string? origin)
    {
        using var response = await SendAsync(HttpMethod.Options, "b", origin);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.Ordinal));
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string host, string? origin)
    {
        var request = new HttpRequestMessage(method, "/version");
        request.Headers.Host = host;
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        return gateway.Http.SendAsync(request);
    }
}
