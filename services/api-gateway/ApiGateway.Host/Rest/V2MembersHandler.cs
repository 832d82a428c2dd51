using System.Globalization;
using ApiGateway.Core.V2;
using ApiGateway.Host.Admin;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Rest.V2Auth;
using Consensus.Contracts;

namespace ApiGateway.Host.Rest;

/// <summary>/v2/members and /v2/machines: who is in the cluster, and changes of that.</summary>
internal sealed class V2MembersHandler(ClusterView cluster, MembershipChanges changes, V2Access access)
{
    /// <param name="context">The request.</param>
    /// <param name="rest">What follows "/v2/members/".</param>
    public async Task HandleAsync(HttpContext context, string rest)
    {
        var method = context.Request.Method;
        if (method is not ("GET" or "POST" or "PUT" or "DELETE"))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET,POST,DELETE,PUT").ConfigureAwait(false);
            return;
        }
        if (method != "GET" && !await access.MayAdministerAsync(context).ConfigureAwait(false))
        {
            await V2AuthHandler.RefuseAsync(context).ConfigureAwait(false);
            return;
        }
        var view = await cluster.RefreshAsync(context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers["X-Etcd-Cluster-Id"] = view.Status.Cluster.ToString();
        // Without an id there is nothing to change or to remove; this refusal names no verbs.
        if (method is "PUT" or "DELETE" && rest.Length == 0)
        {
            await RestResponse.ErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed").ConfigureAwait(false);
            return;
        }
        var (status, body) = method == "GET"
            ? Show(view.Status, rest)
            : await ChangeAsync(context, method, rest).ConfigureAwait(false);
        if (status == StatusCodes.Status204NoContent)
            context.Response.StatusCode = status;
        else
            await RestResponse.WriteAsync(context, status, RestResponse.Json, body).ConfigureAwait(false);
    }

    private static (int Status, string Body) Show(ConsensusStatus status, string rest) => rest switch
    {
        "" => (StatusCodes.Status200OK, MemberJson.All(status.Members)),
        "leader" => status.Members.FirstOrDefault(member => member.Id == status.Leader) is { } leader
            ? (StatusCodes.Status200OK, MemberJson.One(leader))
            : (StatusCodes.Status503ServiceUnavailable, MemberJson.Error("During election")),
        _ => (StatusCodes.Status404NotFound, MemberJson.Error("Not found")),
    };

    private async ValueTask<(int Status, string Body)> ChangeAsync(HttpContext context, string method, string rest)
    {
        MemberId id = default;
        if (method is "PUT" or "DELETE" && !TryParse(rest, out id))
            return (StatusCodes.Status404NotFound, MemberJson.Error(V2MemberErrors.NoSuchMember(rest)));
        IReadOnlyList<string> urls = [];
        if (method is "PUT" or "POST")
        {
            var type = MediaType(context.Request.ContentType ?? "");
            if (type != RestResponse.Json)
                return (StatusCodes.Status415UnsupportedMediaType, MemberJson.Error($"Bad Content-Type {type}, accept application/json"));
            if (await RequestForm.ReadBodyAsync(context).ConfigureAwait(false) is not { } json)
                return (StatusCodes.Status400BadRequest, MemberJson.Error("http: request body too large"));
            if (PeerUrls.Parse(json, out urls) is { Length: > 0 } error)
                return (StatusCodes.Status400BadRequest, MemberJson.Error(error));
        }
        MembershipResult result;
        try
        {
            switch (method)
            {
                case "POST":
                    (id, result) = await changes.AddAsync(urls, isLearner: false).ConfigureAwait(false);
                    break;
                case "PUT":
                    result = await changes.UpdateAsync(id, urls).ConfigureAwait(false);
                    break;
                default:
                    result = await changes.RemoveAsync(id).ConfigureAwait(false);
                    break;
            }
        }
        catch (RequestFailedException)
        {
            // No quorum, in etcd's words.
            return (StatusCodes.Status500InternalServerError, MemberJson.Error("Internal Server Error"));
        }
        if (result.Error != MembershipError.None)
        {
            var (status, message) = V2MemberErrors.Of(result.Error, method, id);
            return (status, MemberJson.Error(message));
        }
        return method == "POST"
            ? (StatusCodes.Status201Created, MemberJson.One(new Member(id, "", urls, [], IsLearner: false)))
            : (StatusCodes.Status204NoContent, "");
    }

    private static bool TryParse(string text, out MemberId id)
    {
        var isId = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        id = new MemberId(value);
        return isId;
    }

    // A type without parameters is compared as it was written.
    private static string MediaType(string contentType)
    {
        var semicolon = contentType.IndexOf(';', StringComparison.Ordinal);
        return semicolon < 0 ? contentType : contentType[..semicolon].Trim().ToLowerInvariant();
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
