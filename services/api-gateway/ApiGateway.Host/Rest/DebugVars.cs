using System.Text.Json;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using Storage.Contracts;

namespace ApiGateway.Host.Rest;

/// <summary>/debug/vars, by the names that etcd has there: of memory what has a counterpart, of Raft what clients are told anyway.</summary>
internal sealed class DebugVars(ClusterView cluster, IStorage storage)
{
    private const string ContentType = "application/json; charset=utf-8";

    private static readonly JsonSerializerOptions s_json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET").ConfigureAwait(false);
            return;
        }
        var variables = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["cmdline"] = Environment.GetCommandLineArgs(),
            ["file_descriptor_limit"] = (ulong)Hosting.Metrics.ProcessFiles.Limit(),
            ["memstats"] = Memory(),
            ["raft.status"] = await RaftAsync(context.RequestAborted).ConfigureAwait(false),
        };
        var lines = variables.Select(static variable => $"\"{variable.Key}\": {JsonSerializer.Serialize(variable.Value, s_json)}");
        await RestResponse.WriteAsync(context, StatusCodes.Status200OK, ContentType, "{\n" + string.Join(",\n", lines) + "\n}\n").ConfigureAwait(false);
    }

    private static Dictionary<string, long> Memory()
    {
        var gc = GC.GetGCMemoryInfo();
        return new()
        {
            ["Alloc"] = GC.GetTotalMemory(forceFullCollection: false),
            ["TotalAlloc"] = GC.GetTotalAllocatedBytes(),
            ["Sys"] = Environment.WorkingSet,
            ["HeapAlloc"] = GC.GetTotalMemory(forceFullCollection: false),
            ["HeapSys"] = gc.TotalCommittedBytes,
            ["NumGC"] = GC.CollectionCount(0),
            ["PauseTotalNs"] = (long)GC.GetTotalPauseDuration().TotalNanoseconds,
        };
    }

    private async Task<Dictionary<string, object>> RaftAsync(CancellationToken cancellation)
    {
        try
        {
            var status = (await cluster.RefreshAsync(cancellation).ConfigureAwait(false)).Status;
            var applied = (await storage.GetStatusAsync(cancellation).ConfigureAwait(false)).AppliedIndex.Value;
            return new()
            {
                ["id"] = status.Self.ToString(),
                ["term"] = status.Term.Value,
                ["commit"] = status.CommitIndex.Value,
                ["lead"] = status.Leader.ToString(),
                ["raftState"] = status.Leader == status.Self ? "StateLeader" : "StateFollower",
                ["applied"] = applied,
            };
        }
        catch (RequestFailedException)
        {
            // There is nobody to ask; the rest is as good as ever.
            return [];
        }
    }
}
