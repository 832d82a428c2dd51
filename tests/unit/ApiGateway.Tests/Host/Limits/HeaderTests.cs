using System.Net;
using System.Net.Sockets;
using System.Text;
using ApiGateway.Tests.Fakes;

namespace ApiGateway.Tests.Host.Limits;

/// <summary>Goal: many and long headers are taken as far as etcd takes them, beyond they are refused at little cost. Method: both versions of HTTP, on connections of their own.</summary>
public sealed class HeaderTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    [Theory]
    [InlineData("1.1", 1000, 100)]
    [InlineData("1.1", 50, 15_000)]
    [InlineData("2.0", 1000, 100)]
    [InlineData("2.0", 50, 15_000)]
    public async Task Headers_WithinTheBounds_AreTaken(string version, int count, int length)
    {
        using var response = await SendAsync(version, count, length);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("1.1", 5000, 10)]
    [InlineData("1.1", 20, 60_000)]
    [InlineData("2.0", 5000, 10)]
    [InlineData("2.0", 100, 15_000)]
    public async Task Headers_BeyondTheBounds_AreRefused_AndOthersAreServed(string version, int count, int length)
    {
        // An HTTP/2 client hears it as the end of its connection, and opens another.
        try
        {
            using var response = await SendAsync(version, count, length);
            Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
        }
        catch (HttpRequestException exception) when (version == "2.0")
        {
            Assert.True(exception.HttpRequestError is HttpRequestError.HttpProtocolError or HttpRequestError.ResponseEnded or HttpRequestError.Unknown, exception.ToString());
        }
        using var other = await gateway.Http.GetAsync("/version");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Headers_WithoutEnd_AreNotReadForEver()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(gateway.Address);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.SendAsync("GET /version HTTP/1.1\r\nHost: x\r\n"u8.ToArray());
        var line = Encoding.ASCII.GetBytes($"X-Long: {new string('x', 16_000)}\r\n");
        var answer = new byte[4096];
        // Socket buffers of this machine take some MiB; the server takes one.
        for (var sent = 0L; socket.Available == 0; sent += line.Length)
        {
            Assert.True(sent < 64 * 1024 * 1024, "nobody has refused it");
            if (!await TrySendAsync(socket, line, timeout.Token))
                break;
        }
        var read = await socket.ReceiveAsync(answer, timeout.Token);
        Assert.StartsWith("HTTP/1.1 431 ", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }

    private static async Task<bool> TrySendAsync(Socket socket, byte[] line, CancellationToken cancellation)
    {
        try
        {
            await socket.SendAsync(line, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string version, int count, int length)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{gateway.Address}/version")
        {
            Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        for (var i = 0; i < count; i++)
            request.Headers.TryAddWithoutValidation($"x-header-{i}", new string('v', length));
        return await client.SendAsync(request);
    }
}
