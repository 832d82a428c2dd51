using System.Diagnostics;

namespace EndToEnd.Tests.Tracing;

/// <summary>
/// Goal: a client's own trace goes through all services, and only that one. Method: one put with a traceparent in a deployment that begins no trace by itself, a watcher
/// of the key, a collector in the test.
/// </summary>
public abstract class ClientTraceBehaviour : IAsyncLifetime
{
    private static readonly TimeSpan ExportDeadline = TimeSpan.FromSeconds(20);

    private OtlpReceiver? _receiver;

    protected abstract ProcessDeployment Deployment { get; }

    /// <summary>Makes the deployment export to the receiver over gRPC, none but what clients sample.</summary>
    protected abstract void Configure(OtlpReceiver receiver);

    /// <summary>Where the metrics of consensus and of storage are.</summary>
    protected abstract (Uri Consensus, Uri Storage) Metrics { get; }

    public async Task InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync();
        Configure(_receiver);
        Deployment.Environment["OTEL_BSP_SCHEDULE_DELAY"] = "100";
        await Deployment.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Deployment.DisposeAsync();
        await _receiver!.DisposeAsync();
    }

    [DeploymentFact]
    public async Task Put_WithTheClientsTraceparent_IsOneTraceFromTheClientToTheDelivery()
    {
        var (trace, client) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        using var v3 = new V3Client(Deployment.Client);
        var watching = await v3.StartWatchAsync("of-the-client");
        await v3.PutAsync("of-nobody", "value");
        await v3.PutTracedAsync("not-sampled", "value", $"00-{ActivityTraceId.CreateRandom()}-{client}-00");
        await v3.PutTracedAsync("of-the-client", "value", $"00-{trace}-{client}-01");
        await watching;
        try
        {
            await Poll.UntilAsync("the whole trace", ExportDeadline, () => Task.FromResult(IsWhole(_receiver!.Spans(), trace, client)));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}; received:\n{string.Join('\n', _receiver!.Spans())}\n{Deployment.Log}", error);
        }
        // The other puts came before it, through the same processes.
        Assert.All(_receiver!.Spans(), span => Assert.Equal(
            trace, span.Name == "consensus.batch" ? Assert.Single(span.Links).TraceId : span.TraceId));
        await AssertExemplarAsync(Metrics.Consensus, "etcd_disk_wal_fsync_duration_seconds", trace);
        await AssertExemplarAsync(Metrics.Storage, "etcd_server_apply_duration_seconds", trace);
    }

    // Of a bucket of the histogram, for whoever asks for OpenMetrics.
    private static async Task AssertExemplarAsync(Uri metrics, string histogram, string trace)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
        var text = await http.GetStringAsync(metrics);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
        Assert.Contains(text.Split('\n'), line =>
            line.StartsWith(histogram + "_bucket{", StringComparison.Ordinal) && line.Contains($" # {{trace_id=\"{trace}\",span_id=\"", StringComparison.Ordinal));
        http.DefaultRequestHeaders.Remove("Accept");
        Assert.DoesNotContain("trace_id", await http.GetStringAsync(metrics), StringComparison.Ordinal);
    }

    private static bool IsWhole(IReadOnlyList<Span> all, string trace, string client)
    {
        if (Child(client, "etcdserverpb.KV/Put") is not { } gateway)
            return false;
        // The batch has many parents, so it is connected by links, both ways.
        return Child(gateway.SpanId, "consensus.propose") is { } proposal
            && all.FirstOrDefault(span => span.Name == "consensus.batch" && span.Links.Contains((trace, gateway.SpanId))) is { } batch
            && proposal.Links.Contains((batch.TraceId, batch.SpanId))
            && Child(gateway.SpanId, "consensus.fsync") is not null
            && Child(gateway.SpanId, "consensus.commit") is not null
            && Child(gateway.SpanId, "storage.apply") is { } apply
            && Child(apply.SpanId, "watch.fanout") is { } fanOut
            && Child(fanOut.SpanId, "watch.send") is not null;

        Span? Child(string parent, string name) => all.FirstOrDefault(span => span.TraceId == trace && span.ParentId == parent && span.Name == name);
    }
}

public sealed class FiveProcessesClientTraceTests : ClientTraceBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new FiveProcessesDeployment();

    protected override (Uri Consensus, Uri Storage) Metrics => (MetricsOf("Consensus"), MetricsOf("Storage"));

    private Uri MetricsOf(string service) => new(((FiveProcessesDeployment)Deployment).Health(service), "metrics");

    protected override void Configure(OtlpReceiver receiver)
    {
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://" + receiver.GrpcAddress,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_METRICS_EXPORTER"] = "none",
            ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
            ["OTEL_TRACES_SAMPLER_ARG"] = "0",
        })
            Deployment.Environment[name] = value;
    }
}

/// <summary>etcd's flags instead of variables; a rate of 0 is their default.</summary>
public sealed class StandaloneClientTraceTests : ClientTraceBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new StandaloneDeployment();

    protected override (Uri Consensus, Uri Storage) Metrics => (new(Deployment.Client, "metrics"), new(Deployment.Client, "metrics"));

    protected override void Configure(OtlpReceiver receiver) => ((StandaloneDeployment)Deployment).Flags.AddRange(
        ["--experimental-enable-distributed-tracing", "--experimental-distributed-tracing-address", receiver.GrpcAddress]);
}
