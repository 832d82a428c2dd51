using ApiGateway.Core.V2;
using ApiGateway.Host.Cluster;

namespace ApiGateway.Host.Rest;

/// <summary>/v2/members and /v2/machines: who is in the cluster.</summary>
internal sealed class V2MembersHandler(ClusterView cluster)
{
    /// <param name="context">The request.</param>
    /// <param name="rest">What follows "/v2/members/".</param>
    public async Task HandleAsync(HttpContext context, string rest)
    {
        var method = context.Request.Method;
        // Without an id there is nothing to change or to remove.
        if (method is not ("GET" or "POST" or "PUT" or "DELETE") || (method is "PUT" or "DELETE" && rest.Length == 0))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET,POST,DELETE,PUT").ConfigureAwait(false);
            return;
        }
        var view = await cluster.RefreshAsync(context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers["X-Etcd-Cluster-Id"] = view.Status.Cluster.ToString();
        var (status, body) = (method, rest) switch
        {
            // Membership cannot be changed here yet; etcd says this when a change finds no quorum.
            not ("GET", _) => (StatusCodes.Status500InternalServerError, MemberJson.Error("Internal Server Error")),
            (_, "") => (StatusCodes.Status200OK, MemberJson.All(view.Status.Members)),
            (_, "leader") => view.Status.Members.FirstOrDefault(member => member.Id == view.Status.Leader) is { } leader
                ? (StatusCodes.Status200OK, MemberJson.One(leader))
                : (StatusCodes.Status503ServiceUnavailable, MemberJson.Error("During election")),
            _ => (StatusCodes.Status404NotFound, MemberJson.Error("Not found")),
        };
        await RestResponse.WriteAsync(context, status, RestResponse.Json, body).ConfigureAwait(false);
    }

    public async Task HandleMachinesAsync(HttpContext context)
    {
        if (context.Request.Method is not ("GET" or "HEAD"))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET,HEAD").ConfigureAwait(false);
            return;
        }
        var view = await cluster.RefreshAsync(context.RequestAborted).ConfigureAwait(false);
        await RestResponse.WriteAsync(context, StatusCodes.Status200OK, RestResponse.Text, MemberJson.Machines(view.Status.Members))
            .ConfigureAwait(false);
    }
}
