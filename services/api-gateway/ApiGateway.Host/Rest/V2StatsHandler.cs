using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using ApiGateway.Host.Cluster;
using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Host.Rest;

/// <summary>
/// /v2/stats. A gateway with a consensus service of its own tells of that; one that asks several tells of the one that answers, by that one's id. The tree's counts are those of
/// the replica that it reads from, watchers its own.
/// </summary>
internal sealed class V2StatsHandler(ClusterView cluster, IStorage storage, ReadBarrier barrier, V2WatchHandler watches, TimeProvider time)
{
    /// <summary>Answers, if the path is one of these.</summary>
    public bool TryHandle(HttpContext context, string path, out Task answering)
    {
        Func<CancellationToken, Task<(int, string)>>? read = path switch
        {
            "/v2/stats/self" => SelfAsync,
            "/v2/stats/leader" => LeaderAsync,
            "/v2/stats/store" => StoreAsync,
            _ => null,
        };
        answering = read is null ? Task.CompletedTask : AnswerAsync(context, read);
        return read is not null;
    }

    private static async Task AnswerAsync(HttpContext context, Func<CancellationToken, Task<(int Status, string Body)>> read)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET").ConfigureAwait(false);
            return;
        }
        var (status, body) = await read(context.RequestAborted).ConfigureAwait(false);
        await RestResponse.WriteAsync(context, status, RestResponse.Json, body).ConfigureAwait(false);
    }

    private async Task<(int, string)> SelfAsync(CancellationToken cancellation)
    {
        var (status, traffic) = await StatusAsync(cancellation).ConfigureAwait(false);
        var name = status.Members.FirstOrDefault(member => member.Id == traffic.Member)?.Name ?? "";
        return (StatusCodes.Status200OK, StatsJson.Self(name, traffic, status.Leader == traffic.Member, time.GetUtcNow()));
    }

    private async Task<(int, string)> LeaderAsync(CancellationToken cancellation)
    {
        var (status, traffic) = await StatusAsync(cancellation).ConfigureAwait(false);
        return status.Leader == traffic.Member
            ? (StatusCodes.Status200OK, StatsJson.Leader(traffic))
            : (StatusCodes.Status403Forbidden, MemberJson.Error("not current leader"));
    }

    private async Task<(int, string)> StoreAsync(CancellationToken cancellation)
    {
        var state = await barrier.BoundedAsync(storage.GetStatusAsync(cancellation), EtcdError.Timeout).ConfigureAwait(false);
        return (StatusCodes.Status200OK, StatsJson.Store(state.V2Counts, watches.Count));
    }

    private async Task<(ConsensusStatus Status, MemberTraffic Traffic)> StatusAsync(CancellationToken cancellation)
    {
        var status = (await cluster.RefreshAsync(cancellation).ConfigureAwait(false)).Status;
        return (status, status.Traffic ?? throw new InvalidOperationException($"member {status.Self} does not count what it says"));
    }
}
