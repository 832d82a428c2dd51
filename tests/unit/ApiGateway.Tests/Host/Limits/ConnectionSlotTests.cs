using System.Net;
using System.Net.Sockets;
using System.Text;
using ApiGateway.Host.ClientPort;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ApiGateway.Tests.Host.Limits;

/// <summary>Goal: clients cannot use up the process's files; who comes when all connections are taken waits for one. Method: a port with two of them.</summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class ConnectionSlotTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly byte[] s_request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_lastChunk = "\r\n0\r\n\r\n"u8.ToArray();
    private readonly ConnectionSlots _slots = new(2);
    private WebApplication _app = null!;
    private ClientPortListener _port = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(_slots);
        _port = builder.AddEtcdClientPort(new IPEndPoint(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(context => context.Response.WriteAsync("hello"));
        await _app.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        _slots.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_WhenAllAreTaken_IsServedOnceOneIsClosed(bool isServed)
    {
        using var first = await ConnectAsync();
        using var second = await ConnectAsync();
        if (isServed)
            await AskAsync(first);
        await AskAsync(second);
        using var third = await ConnectAsync();
        var answered = AskAsync(third);
        using var fourth = await ConnectAsync();
        // Those that have theirs are served as before.
        await AskAsync(second);
        Assert.Equal(2, _slots.Taken);
        Assert.False(answered.IsCompleted);
        first.Dispose();
        await answered;
        second.Dispose();
        await AskAsync(fourth);
    }

    [Fact]
    public async Task Stop_WhileOneWaits_Ends()
    {
        using var first = await ConnectAsync();
        using var second = await ConnectAsync();
        await AskAsync(first);
        await AskAsync(second);
        using var third = await ConnectAsync();
        await _app.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_port.LocalEndPoint);
        return socket;
    }

    private static async Task AskAsync(Socket socket)
    {
        await socket.SendAsync(s_request);
        var answer = new byte[1024];
        var read = 0;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        // All of it, which may come in pieces: the next request of the connection is not to find a rest.
        while (!answer.AsSpan(0, read).EndsWith(s_lastChunk))
        {
            var more = await socket.ReceiveAsync(answer.AsMemory(read), timeout.Token);
            Assert.True(more > 0, "the connection ended within an answer");
            read += more;
        }
        Assert.StartsWith("HTTP/1.1 200 OK", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }
}
