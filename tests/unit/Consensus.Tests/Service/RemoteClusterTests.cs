using System.Net;
using Consensus.Contracts;
using Consensus.Host.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Consensus.Tests.Service;

/// <summary>A member that is to join cannot start without an answer: it gives a busy member as long as etcd does. One of a new cluster does not wait so long.</summary>
public sealed class RemoteClusterTests
{
    [Fact]
    public async Task Fetch_MemberIsBusy_JoinWaitsForItAndBootstrapDoesNot()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        await using var app = builder.Build();
        var busy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Member only = new(new MemberId(7), "a", ["http://a"], [], false);
        app.MapGet("/members", async context =>
        {
            await busy.Task.WaitAsync(context.RequestAborted);
            context.Response.Headers[RemoteCluster.ClusterIdHeader] = "2a";
            await context.Response.Body.WriteAsync(RemoteCluster.ToJson([only]), context.RequestAborted);
        });
        await app.StartAsync();
        string[] urls = [app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()];
        var joining = RemoteCluster.FetchAsync(urls, null, RemoteCluster.JoinPatience, default);
        var bootstrapping = RemoteCluster.FetchAsync(urls, null, RemoteCluster.BootstrapPatience, default);
        Assert.Null(await bootstrapping);
        busy.SetResult();
        var cluster = await joining;
        Assert.Equal((new ClusterId(42), only.Id), (cluster!.Cluster, Assert.Single(cluster.Members).Id));
    }
}
