using ApiGateway.Core.Errors;
using ApiGateway.Host.Cluster;

namespace ApiGateway.Host.Calls;

/// <summary>The <c>hasleader</c> metadata: such a request fails at once when this member knows no leader.</summary>
internal sealed class LeaderRequirement(ClusterView cluster)
{
    /// <summary>Throws "no leader" when the request insists on one and there is none.</summary>
    public void Check(HttpContext context)
    {
        if (!context.Request.Headers.TryGetValue("hasleader", out var value) || value != "true")
            return;
        var view = cluster.GetAsync();
        if (view.IsCompletedSuccessfully && view.Result.Status.Leader.Value == 0)
            throw new RequestFailedException(EtcdError.NoLeader);
    }
}
