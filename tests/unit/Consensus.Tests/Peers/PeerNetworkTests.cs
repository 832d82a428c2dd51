using System.Net;
using Consensus.Client;
using Consensus.Contracts;
using Consensus.Host.Peers;
using Consensus.Host.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Consensus.Tests.Peers;

/// <summary>Goal: a connection for proposals is held to each member that is there, and to no other. Method: a member that only tells who holds on to it.</summary>
public sealed class PeerNetworkTests
{
    private static readonly MemberId s_peer = new(2);

    [Fact]
    public async Task Connected_HoldsACall_UntilTheMemberIsLost()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var began = new SemaphoreSlim(0);
        var ended = new SemaphoreSlim(0);
        await using var member = await ServeAsync(began, ended);
        await using var network = new PeerNetwork(new ClusterId(7), new MemberId(1), ["http://127.0.0.1:1"], null, new ConsensusMetrics(), NullLogger.Instance)
        {
            Receive = static _ => true,
        };
        // Once more after it was lost: the hold before does not stand in the way.
        for (var round = 0; round < 2; round++)
        {
            network.Connected(s_peer, member.Urls.First());
            await began.WaitAsync(deadline.Token);
            Assert.Equal(0, ended.CurrentCount);
            network.Lost(s_peer);
            await ended.WaitAsync(deadline.Token);
        }
        Assert.Equal(0, began.CurrentCount);
    }

    private static async Task<WebApplication> ServeAsync(SemaphoreSlim began, SemaphoreSlim ended)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static port => port.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async context =>
        {
            Assert.EndsWith("/Hold", context.Request.Path, StringComparison.Ordinal);
            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync();
            var aborted = new TaskCompletionSource();
            await using var registration = context.RequestAborted.Register(aborted.SetResult);
            began.Release();
            await aborted.Task;
            ended.Release();
        });
        await app.StartAsync();
        return app;
    }
}
