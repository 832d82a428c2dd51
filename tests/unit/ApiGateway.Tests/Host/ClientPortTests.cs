using System.Net;
using System.Net.Sockets;
using System.Text;
using ApiGateway.Host.ClientPort;
using ApiGateway.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ApiGateway.Tests.Host;

/// <summary>One socket, two protocols.</summary>
public sealed class ClientPortTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(gateway.Address);
        return socket;
    }

    private static async Task<string> ReadSomeAsync(Socket socket)
    {
        var buffer = new byte[4096];
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer, timeout.Token));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task OnePort_BothVersions_AreServed(string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/version")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await gateway.Http.SendAsync(request);
        Assert.Equal(Version.Parse(version), response.Version);
        Assert.Equal("{\"etcdserver\":\"3.5.30\",\"etcdcluster\":\"3.5.0\"}", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Http1_ByteByByte_IsStillHttp1()
    {
        using var socket = await ConnectAsync();
        // "PUT" and "PRI" share their first byte.
        foreach (var b in "PUT /version HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"u8.ToArray())
            await socket.SendAsync(new[] { b });
        Assert.StartsWith("HTTP/1.1 405", await ReadSomeAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http2_PrefaceInPieces_IsHttp2()
    {
        using var socket = await ConnectAsync();
        foreach (var b in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray())
            await socket.SendAsync(new[] { b });
        await socket.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        // The server's SETTINGS frame: its type is in the fourth byte.
        Assert.Equal(4, (int)(await ReadSomeAsync(socket))[3]);
    }

    [Fact]
    public async Task SilentConnection_DoesNotHoldUpOthers()
    {
        using var silent = await ConnectAsync();
        using var response = await gateway.Http.GetAsync("/version");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task SilentConnection_AfterTheTimeout_IsClosed()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddEtcdClientPort(new IPEndPoint(IPAddress.Loopback, 0));
        var port = new ClientPortListener(new IPEndPoint(IPAddress.Loopback, 0)) { PrefaceTimeout = TimeSpan.FromMilliseconds(50) };
        Microsoft.AspNetCore.Hosting.WebHostBuilderKestrelExtensions.ConfigureKestrel(builder.WebHost, kestrel => kestrel.ListenEtcdClient(port));
        await using var app = builder.Build();
        app.Run(context => context.Response.WriteAsync("hello"));
        await app.StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(port.LocalEndPoint);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], timeout.Token));
        }
        catch (SocketException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }
        await app.StopAsync();
    }

    [Fact]
    public async Task BusyPort_Start_FailsWithEtcdsLine()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddEtcdClientPort(gateway.Address);
        await using var app = builder.Build();
        var failure = await Assert.ThrowsAsync<ClientPortException>(() => app.StartAsync());
        Assert.Equal($"listen tcp {gateway.Address}: bind: address already in use", failure.Message);
    }

    [Fact]
    public async Task Stop_WithAnUndecidedConnection_FreesThePort()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var port = builder.AddEtcdClientPort(new IPEndPoint(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        await app.StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(port.LocalEndPoint);
        await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));
        using var again = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => again.ConnectAsync(port.LocalEndPoint));
    }

    [Fact]
    public async Task Stop_OfAPortThatNeverOpened_IsNotHeldUpByIt()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var port = builder.AddEtcdClientPort(new IPEndPoint(IPAddress.Loopback, 0));
        port.OpenAfter = Task.FromException(new InvalidOperationException("nobody is to be served"));
        await using var app = builder.Build();
        await app.StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(port.LocalEndPoint);
        await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));
    }
}
