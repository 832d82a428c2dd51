using System.Net;
using Liveness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hosting.Tests.Traffic;

/// <summary>What counts as coming from the peer of a call.</summary>
public sealed class CallTrafficTests : IAsyncLifetime
{
    private const int AnswerBytes = 100_000;

    private readonly List<WebApplication> _servers = [];

    public async Task InitializeAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var server = builder.Build();
            server.MapGet("/", static () => Results.Bytes(new byte[AnswerBytes]));
            await server.StartAsync();
            _servers.Add(server);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_OfTheSameAddress_CountWhateverCallTheyBelongTo()
    {
        using var http = new HttpClient(new TrafficHandler(new SocketsHttpHandler()));
        var traffic = new CallTraffic();
        await traffic.Open(() => http.GetByteArrayAsync(Address(0)));
        Assert.InRange(traffic.Bytes, AnswerBytes, 2 * AnswerBytes);
        await http.GetByteArrayAsync(Address(0));
        Assert.InRange(traffic.Bytes, 2 * AnswerBytes, 3 * AnswerBytes);
    }

    [Fact]
    public async Task Bytes_OfAnotherAddress_DoNotCount()
    {
        using var http = new HttpClient(new TrafficHandler(new SocketsHttpHandler()));
        var traffic = new CallTraffic();
        await traffic.Open(() => http.GetByteArrayAsync(Address(0)));
        var before = traffic.Bytes;
        var other = new CallTraffic();
        await other.Open(() => http.GetByteArrayAsync(Address(1)));
        Assert.Equal(before, traffic.Bytes);
        Assert.InRange(other.Bytes, AnswerBytes, 2 * AnswerBytes);
    }

    [Fact]
    public async Task Bytes_WithoutTheHandler_AreNone()
    {
        using var http = new HttpClient(new SocketsHttpHandler());
        var traffic = new CallTraffic();
        await traffic.Open(() => http.GetByteArrayAsync(Address(0)));
        Assert.Equal(0, traffic.Bytes);
    }

    private Uri Address(int server) => new(_servers[server].Urls.Single());
}
