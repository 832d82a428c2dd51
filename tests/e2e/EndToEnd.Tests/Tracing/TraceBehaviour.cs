namespace EndToEnd.Tests.Tracing;

/// <summary>Goal: one request is one trace through all services. Method: export to a receiver in the test, then look at the tree.</summary>
public abstract class TraceBehaviour : IAsyncLifetime
{
    private static readonly TimeSpan ExportDeadline = TimeSpan.FromSeconds(20);

    private OtlpReceiver? _receiver;

    protected abstract ProcessDeployment Deployment { get; }

    /// <summary>The service that a span belongs to, as this deployment tells them apart: "consensus", "storage", ...</summary>
    protected abstract string ServiceOf(Span span);

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

    [DeploymentFact]
    public async Task Put_Sampled_IsOneTreeFromGatewayThroughConsensusToStorage()
    {
        using var v3 = new V3Client(Deployment.Client);
        await v3.PutAsync("traced", "value");
        await TreeAsync("Put", "api-gateway", "consensus", "storage");
    }

    [DeploymentFact]
    public async Task Range_Sampled_IsOneTreeFromGatewayToStorage()
    {
        using var v3 = new V3Client(Deployment.Client);
        await v3.RangeAsync("traced");
        await TreeAsync("Range", "api-gateway", "storage");
    }

    [DeploymentFact]
    public async Task WatchEvent_OfASampledPut_BelongsToItsTrace()
    {
        using var v2 = new V2Client(Deployment.Client);
        var waiting = await v2.StartWaitAsync("v2/keys/traced?wait=true");
        await v2.PutAsync("v2/keys/traced", ("value", "x"));
        await waiting;
        var hub = await Poll.UntilAsync("a span of the watch hub in the trace of a write", ExportDeadline, () =>
        {
            var all = _receiver!.Spans();
            var writes = all.Where(span => ServiceOf(span) == "consensus").Select(span => span.TraceId).ToHashSet();
            return Task.FromResult(all.FirstOrDefault(span =>
                ServiceOf(span) == "watch-hub" && (writes.Contains(span.TraceId) || span.LinkedTraces.Any(writes.Contains))));
        });
        Assert.NotEqual("", hub.Name);
    }

    /// <summary>
    /// Waits for a trace whose root is a gateway span named after the request, with spans of all <paramref name="services"/>, in which
    /// every other span has its parent.
    /// </summary>
    private async Task TreeAsync(string request, params string[] services)
    {
        try
        {
            await Poll.UntilAsync($"the whole trace of a {request}", ExportDeadline, () => Task.FromResult(
                _receiver!.Spans().GroupBy(span => span.TraceId).Any(trace => IsTree([.. trace], request, services))));
        }
        catch (TimeoutException error)
        {
            var seen = string.Join('\n', _receiver!.Spans().Select(span =>
                $"{span.TraceId[..8]} {span.SpanId} < {span.ParentId,-16} {span.Service} {span.Scope} {span.Name}").Take(60));
            throw new TimeoutException($"{error.Message}; received:\n{seen}\n{Deployment.Log}", error);
        }
    }

    private bool IsTree(List<Span> trace, string request, string[] services)
    {
        var ids = trace.Select(span => span.SpanId).ToHashSet();
        var roots = trace.Where(span => span.ParentId.Length == 0).ToList();
        return roots.Count == 1
            && ServiceOf(roots[0]) == "api-gateway"
            && roots[0].Name.Contains(request, StringComparison.OrdinalIgnoreCase)
            && trace.All(span => span.ParentId.Length == 0 || ids.Contains(span.ParentId))
            && services.All(service => trace.Any(span => ServiceOf(span) == service));
    }
}

public sealed class FiveProcessesTraceTests : TraceBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new FiveProcessesDeployment();

    protected override string ServiceOf(Span span) => span.Service;
}

public sealed class StandaloneTraceTests : TraceBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new StandaloneDeployment();

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
}
