namespace EndToEnd.Tests.Tracing;

/// <summary>A deployment whose processes export to a receiver in the test, started once for the tests of a class.</summary>
public sealed class TracedDeployment<TDeployment> : IAsyncLifetime
    where TDeployment : ProcessDeployment, new()
{
    private OtlpReceiver? _receiver;

    public TDeployment Deployment { get; } = new();

    public IReadOnlyList<Span> Spans => _receiver!.Spans();

    public async Task InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync();
        foreach (var (name, value) in _receiver.Variables)
            Deployment.Environment[name] = value;
        await Deployment.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Deployment.DisposeAsync();
        await _receiver!.DisposeAsync();
    }
}

/// <summary>Goal: one request is one trace through all services. Method: export to a receiver in the test, then look at the tree.</summary>
public abstract class TraceBehaviour<TDeployment>(TracedDeployment<TDeployment> traced) : IClassFixture<TracedDeployment<TDeployment>>
    where TDeployment : ProcessDeployment, new()
{
    private static readonly TimeSpan ExportDeadline = TimeSpan.FromSeconds(20);

    // What an earlier test of the class waited for.
    private readonly HashSet<string> _earlier = [.. traced.Spans.Select(static span => span.TraceId)];

    private TDeployment Deployment => traced.Deployment;

    /// <summary>The service that a span belongs to, as this deployment tells them apart: "consensus", "storage", ...</summary>
    protected abstract string ServiceOf(Span span);

    [DeploymentFact]
    public async Task Put_Sampled_IsOneTreeFromGatewayThroughConsensusToStorage()
    {
        using var v3 = new V3Client(Deployment.Client);
        await v3.PutAsync("traced", "value");
        await TreeAsync("etcdserverpb.KV/Put", Write);
    }

    [DeploymentFact]
    public async Task Range_Sampled_IsOneTreeFromGatewayToStorage()
    {
        using var v3 = new V3Client(Deployment.Client);
        await v3.RangeAsync("traced");
        await TreeAsync("etcdserverpb.KV/Range", RangePath);
    }

    [DeploymentFact]
    public async Task WatchEvent_OfASampledPut_IsInTheTreeOfThePut()
    {
        using var v3 = new V3Client(Deployment.Client);
        var watching = await v3.StartWatchAsync("watched");
        await v3.PutAsync("watched", "value");
        await watching;
        await TreeAsync("etcdserverpb.KV/Put", [.. Write, .. Delivery]);
    }

    [DeploymentFact]
    public async Task V2Wait_OfASampledPut_IsInTheTreeOfThePut()
    {
        using var v2 = new V2Client(Deployment.Client);
        // A hub whose feed opens after a put never fans it out: an event that came shows that the feed is open.
        await PutAndHearAsync(v2, "open");
        await PutAndHearAsync(v2, "traced");
        // The answer's head goes out before the hub has the watch. A put in between is found by catch-up, which no fan-out precedes.
        await TreeAsync("PUT /v2/keys", [.. Write, Delivery[0], Delivery[1] with { Parents = ["watch.fanout", "storage.apply"] }]);
    }

    private static async Task PutAndHearAsync(V2Client v2, string key)
    {
        var waiting = await v2.StartWaitAsync($"v2/keys/{key}?wait=true");
        await v2.PutAsync($"v2/keys/{key}", ("value", "x"));
        await waiting;
    }

    /// <summary>The steps that a read adds below the gateway's span.</summary>
    protected abstract Step[] RangePath { get; }

    // What the gateway's span has below it for a write: three times in the log, then applied.
    private static readonly Step[] Write =
    [
        new("consensus", "consensus.propose", Root), new("consensus", "consensus.fsync", Root), new("consensus", "consensus.commit", Root),
        new("storage", "storage.apply", Root),
    ];

    // The event's way back: from the replica that applied it over a hub to the gateway that has the watch.
    private static readonly Step[] Delivery =
        [new("watch-hub", "watch.fanout", "storage.apply"), new("api-gateway", "watch.send", "watch.fanout")];

    /// <summary>Waits for a trace whose root is the gateway's span of the request, and in which every step has the parent it should have.</summary>
    private async Task TreeAsync(string request, Step[] steps)
    {
        try
        {
            await Poll.UntilAsync($"the whole trace of {request}", ExportDeadline, () => Task.FromResult(
                Spans().GroupBy(span => span.TraceId).Any(trace => IsTree([.. trace], request, steps))));
        }
        catch (TimeoutException error)
        {
            var seen = string.Join('\n', Spans().Select(span =>
                $"{span.TraceId[..8]} {span.SpanId} < {span.ParentId,-16} {span.Service} {span.Scope} {span.Name}").Take(60));
            throw new TimeoutException($"{error.Message}; received:\n{seen}\n{Deployment.Log}", error);
        }
    }

    private IEnumerable<Span> Spans() => traced.Spans.Where(span => !_earlier.Contains(span.TraceId));

    private bool IsTree(List<Span> trace, string request, Step[] steps)
    {
        var byId = trace.ToDictionary(span => span.SpanId);
        var roots = trace.Where(span => span.ParentId.Length == 0).ToList();
        return roots.Count == 1
            && ServiceOf(roots[0]) == "api-gateway"
            && roots[0].Name == request
            && trace.All(span => span == roots[0] || byId.ContainsKey(span.ParentId))
            && steps.All(step => trace.Exists(span =>
                span != roots[0] && ServiceOf(span) == step.Service && span.Name == step.Name
                && step.Parents.Contains(byId[span.ParentId] == roots[0] ? Root : byId[span.ParentId].Name)));
    }

    /// <summary>A span that a tree must hold: whose it is, its name, and the names that its parent may have.</summary>
    protected sealed record Step(string Service, string Name, params string[] Parents);

    /// <summary>As the parent of a step: the gateway's span of the request.</summary>
    protected const string Root = "";
}

public sealed class FiveProcessesTraceTests(TracedDeployment<FiveProcessesDeployment> traced) : TraceBehaviour<FiveProcessesDeployment>(traced)
{
    protected override string ServiceOf(Span span) => span.Service;

    protected override Step[] RangePath { get; } =
        [new("storage", "storage.read", Root), new("storage", "storage.range", "storage.read")];
}

public sealed class ClusterProcessesTraceTests(TracedDeployment<ClusterProcessesDeployment> traced) : TraceBehaviour<ClusterProcessesDeployment>(traced)
{
    protected override string ServiceOf(Span span) => span.Service;

    protected override Step[] RangePath { get; } =
        [new("storage", "storage.read", Root), new("storage", "storage.range", "storage.read")];
}

public sealed class StandaloneTraceTests(TracedDeployment<StandaloneDeployment> traced) : TraceBehaviour<StandaloneDeployment>(traced)
{
    // One process is one service.name: here the source tells who speaks.
    protected override string ServiceOf(Span span) => span.Scope switch
    {
        "Distributed.Gateway" => "api-gateway",
        "Distributed.Consensus" => "consensus",
        "Distributed.Storage" => "storage",
        "Distributed.WatchHub" => "watch-hub",
        "Distributed.LeaseManager" => "lease-manager",
        _ => span.Scope,
    };

    protected override Step[] RangePath { get; } = [new("storage", "storage.range", Root)];
}
