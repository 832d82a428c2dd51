using ApiGateway.Core.Errors;
using ApiGateway.Host.Cluster;

namespace ApiGateway.Host.Calls;

/// <summary>What is checked before any call, whatever it asks: that this member may serve it at all.</summary>
internal sealed class CallGate(ClusterView cluster)
{
    /// <summary>
    /// Refuses what a learner does not serve, then, where the request's <c>hasleader</c> metadata insists on a leader, what there is no leader for.
    /// </summary>
    /// <param name="context">The call.</param>
    /// <param name="isServedByLearners">A status, a serializable range.</param>
    public void Check(HttpContext context, bool isServedByLearners = false)
    {
        if (!isServedByLearners && cluster.IsLearner)
            throw new RequestFailedException(EtcdError.NotSupportedForLearner);
        if (InsistsOnLeader(context) && cluster.IsLeaderless)
            throw new RequestFailedException(EtcdError.NoLeader);
    }

    public static bool InsistsOnLeader(HttpContext context) =>
        context.Request.Headers.TryGetValue("hasleader", out var values) && values.Count > 0 && values[0] == "true";
}
