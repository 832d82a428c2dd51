using System.Net;
using Grpc.Health.V1;
using Hosting.Clients;
using Hosting.Health;
using Hosting.Listening;
using Hosting.Settings;
using Liveness;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hosting.Tests.Health;

/// <summary>Goal: a whole service process, in this process: endpoints, both ways to ask for health, and how it ends.</summary>
public sealed class ServiceHostTests
{
    private sealed class Part
    {
        public string? Reason { get; set; } = "no leader";
    }

    [Fact]
    public async Task Run_ServiceWithReadiness_AnswersOverBothProtocolsAndStops()
    {
        var ports = FreePorts();
        var part = new Part();
        var started = new TaskCompletionSource<IHostApplicationLifetime>(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = Task.Run(() => ServiceHost.Run(
            "test", ["--Listen", $"http://127.0.0.1:{ports[0]}", "--HealthListen", $"http://127.0.0.1:{ports[1]}", "--LogLevel", "error"],
            ProcessSettings.All,
            builder => builder.Services.AddSingleton(part).AddReadiness<Part>("leader", static (asked, _) => ValueTask.FromResult(asked.Reason)),
            app => app.Lifetime.ApplicationStarted.Register(() => started.SetResult(app.Lifetime))));
        var lifetime = await started.Task.WaitAsync(TimeSpan.FromSeconds(15));

        using var http = new HttpClient();
        var url = new Uri($"http://127.0.0.1:{ports[1]}/healthz");
        using (var notReady = await http.GetAsync(url))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, notReady.StatusCode);
            Assert.Equal("leader: no leader\n", await notReady.Content.ReadAsStringAsync());
        }
        part.Reason = null;
        Assert.Equal("ok\n", await http.GetStringAsync(url));
        foreach (var address in (string[])[$"http://127.0.0.1:{ports[0]}", $"dns:///localhost:{ports[0]}"])
        {
            using var channel = ChannelFactory.Create(address);
            var traffic = new CallTraffic();
            var health = await traffic.Open(() => new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(new HealthCheckRequest()));
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
            Assert.NotEqual(0, traffic.Bytes);
        }

        lifetime.StopApplication();
        Assert.Equal(0, await run.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    [Theory]
    [InlineData("--Listen", "nonsense")]
    [InlineData("--LogLevel", "loud")]
    public void Run_BadConfiguration_EndsWith1(params string[] args) =>
        Assert.Equal(1, ServiceHost.Run("test", args, ProcessSettings.All, _ => { }, _ => { }));

    private static int[] FreePorts()
    {
        using var first = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        using var second = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return [((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port];
    }
}
