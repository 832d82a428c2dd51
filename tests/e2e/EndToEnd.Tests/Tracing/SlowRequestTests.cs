using System.Diagnostics;
using System.Text.Json;

namespace EndToEnd.Tests.Tracing;

/// <summary>
/// Goal: a slow request says where its time went, across the processes that it went through. Method: every request is slow to these gateways; a put with a traceparent, a read, and what is logged then.
/// </summary>
public abstract class SlowRequestBehaviour : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    protected abstract ProcessDeployment Deployment { get; }

    public Task InitializeAsync()
    {
        Deployment.Environment["Gateway__WarningRequestDuration"] = "100ns";
        Deployment.Environment["Storage__WarningApplyDuration"] = "100ns";
        return Deployment.StartAsync();
    }

    public async Task DisposeAsync() => await Deployment.DisposeAsync();

    [DeploymentFact]
    public async Task Request_SlowerThanTheLimit_SaysWhereItsTimeWent()
    {
        var (trace, client) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        using var v3 = new V3Client(Deployment.Client);
        await v3.PutTracedAsync("slow", "value", $"00-{trace}-{client}-00");
        await v3.RangeAsync("slow");

        var put = await LineAsync("request took too long", line => Text(line, "trace_id") == trace);
        Assert.Equal(("/etcdserverpb.KV/Put", "100ns", client), (Text(put, "request"), Text(put, "expected-duration"), Text(put, "span_id")));
        foreach (var stage in (string[])["gateway", "batch-wait", "log-sync", "replication", "apply-wait", "apply", "between-services", "answer"])
            Assert.NotEqual("", Text(put, stage));
        Assert.NotEqual("", Text(put, Text(put, "slowest")));

        var read = await LineAsync("apply request took too long", static line => Text(line, "prefix") == "read-only range " && Text(line, "request").Contains("slow", StringComparison.Ordinal));
        Assert.Equal(("key:\"slow\" ", "100ns"), (Text(read, "request"), Text(read, "expected-duration")));
    }

    private async Task<JsonElement> LineAsync(string message, Predicate<JsonElement> isIt)
    {
        JsonElement? found = null;
        await Poll.UntilAsync($"the line \"{message}\"", s_patience, () => Task.FromResult((found = Lines().Where(line => Text(line, "msg") == message && isIt(line)).Cast<JsonElement?>().FirstOrDefault()) is not null));
        return found!.Value;
    }

    private IEnumerable<JsonElement> Lines() => Deployment.Log.Split('\n').Where(static line => line.StartsWith('{') && line.EndsWith('}'))
        .Select(static line => JsonDocument.Parse(line).RootElement);

    private static string Text(JsonElement line, string field) => line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}

public sealed class FiveProcessesSlowRequestTests : SlowRequestBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new FiveProcessesDeployment();
}

/// <summary>Three members: the gateway may stand beside a follower, which asks the leader.</summary>
public sealed class ClusterProcessesSlowRequestTests : SlowRequestBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new ClusterProcessesDeployment();
}
