using Consensus.Host.Service;
using Grpc.Core;
using Hosting.Clients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Consensus.Host.Peers;

/// <summary>
/// Refuses calls that are meant for a member of another cluster (<see cref="ClusterMark"/>), as etcd does: one that is at an address which was a member's of that
/// cluster would take its proposals into its own log, and have its state compared with a foreign one. A call that does not say its cluster is let through: older
/// versions do not.
/// </summary>
public static class ClusterCheck
{
    /// <summary>The check, in a process with one port for everything.</summary>
    public static IApplicationBuilder UseClusterCheck(this IApplicationBuilder app) =>
        app.Use(static (context, next) => Refuses(context) ? Task.CompletedTask : next(context));

    /// <summary>Whether a call is refused; it has been answered then.</summary>
    public static bool Refuses(HttpContext context)
    {
        var meant = context.Request.Headers[ClusterMark.Header];
        if (meant.Count == 0 || meant == context.RequestServices.GetRequiredService<ConsensusService>().Cluster.ToString())
            return false;
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
        {
            context.Response.StatusCode = StatusCodes.Status412PreconditionFailed;
            return true;
        }
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.FailedPrecondition).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = PeerRefusals.Text(PeerRefusal.OtherCluster);
        return true;
    }
}
