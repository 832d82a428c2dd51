using Conformance.Harness;
using Conformance.V2;
using EndToEnd.Tests.Tools;

namespace Conformance.Metrics;

/// <summary>Both servers with all metrics, and a port for metrics alone; both are empty at first.</summary>
public sealed class MetricsPair : IAsyncLifetime
{
    internal Target Etcd { get; private set; } = null!;

    internal Target Ours { get; private set; } = null!;

    internal int EtcdMetricsPort { get; private set; }

    internal int OurMetricsPort { get; private set; }

    public async Task InitializeAsync()
    {
        var ports = Ports.Free(2);
        (EtcdMetricsPort, OurMetricsPort) = (ports[0], ports[1]);
        var etcd = Target.StartAsync(Flagged(EtcdMetricsPort)());
        var ours = Target.StartAsync(ServerProgram.Candidate(Flagged(OurMetricsPort)));
        await Task.WhenAll(etcd.ContinueWith(t => Etcd = t.IsCompletedSuccessfully ? t.Result : null!, TaskScheduler.Default),
            ours.ContinueWith(t => Ours = t.IsCompletedSuccessfully ? t.Result : null!, TaskScheduler.Default));
        await etcd;
        await ours;
    }

    public async Task DisposeAsync()
    {
        if (Etcd is not null)
            await Etcd.DisposeAsync();
        if (Ours is not null)
            await Ours.DisposeAsync();
    }

    internal static async Task<MetricsText> ScrapeAsync(int port)
    {
        using var answer = await RawHttp.SendAsync(port, "GET", "/metrics", [], null);
        Assert.Equal("200 OK", answer.StatusLine);
        return MetricsText.Parse(await answer.ReadToEndAsync());
    }

    private static Func<ServerProgram> Flagged(int metricsPort) =>
        () => ServerProgram.Etcd35() with { SharedFlags = ["--metrics", "extensive", "--listen-metrics-urls", $"http://127.0.0.1:{metricsPort}"] };
}
