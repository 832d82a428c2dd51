using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using ApiGateway.Host.Admin;
using ApiGateway.Host.Auth;
using ApiGateway.Host.ClientPort;
using ApiGateway.Host.Contending;
using ApiGateway.Host.Json;
using ApiGateway.Host.Kv;
using ApiGateway.Host.Leases;
using ApiGateway.Host.Rest.V2Auth;
using ApiGateway.Host.Watching;
using Hosting.Metrics;

namespace ApiGateway.Host.Rest;

/// <summary>
/// Everything on the client port that is no known gRPC method: the v2 API, the JSON gateway, version, health, metrics, and etcd's answers to what it does not
/// know. Routes by hand on the raw request target, since v2 keys may hold what a router would resolve or reject.
/// </summary>
internal sealed class RestRouter(
    V2KeysHandler keys, V2MembersHandler members, V2StatsHandler stats, V2AuthHandler auth, HealthHandler health, HealthChecks checks, DebugVars debug, MetricsEndpoint metrics, BrowserAccess access, JsonGateway json,
    GatewayOptions options, StopNotice notice, ILogger<RestRouter> logger)
{
    private const string KeysPrefix = "/v2/keys";
    private const string MembersPrefix = "/v2/members";

    private static readonly HashSet<string> s_services =
    [
        KvMethods.ServiceName, WatchMethods.ServiceName, LeaseMethods.ServiceName, ClusterMethods.ServiceName, MaintenanceMethods.ServiceName,
        AuthMethods.ServiceName, LockMethods.ServiceName, ElectionMethods.ServiceName,
    ];

    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            UnknownGrpcMethod(context);
            return;
        }
        // HTTP/1.1 has no GOAWAY: a connection that ends unannounced may take a request with it that its client must not send again.
        if (notice.IsGiven && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        try
        {
            await RouteAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            logger.RestRequestFailed(exception, context.Request.Method, context.Request.Path);
            await RestResponse.WriteAsync(
                context, StatusCodes.Status500InternalServerError, RestResponse.Json, MemberJson.Error("Internal Server Error"))
                .ConfigureAwait(false);
        }
    }

    /// <summary>A port for metrics and health: nothing else is there, and no CORS.</summary>
    public Task HandleMetricsPortAsync(HttpContext context)
    {
        var (path, query) = RequestTarget.Of(context);
        return path switch
        {
            MetricsEndpoint.Path => metrics.HandleAsync(context),
            "/health" => health.HandleAsync(context, query),
            _ => checks.TryHandle(context, path, out var answering) ? answering : RestResponse.NotFoundAsync(context),
        };
    }

    private async Task RouteAsync(HttpContext context)
    {
        if (!await access.AdmitAsync(context).ConfigureAwait(false))
            return;
        access.AddHeaders(context);
        await RouteAdmittedAsync(context).ConfigureAwait(false);
    }

    private Task RouteAdmittedAsync(HttpContext context)
    {
        if (HttpMethods.IsOptions(context.Request.Method))
            return RestResponse.EmptyAsync(context, StatusCodes.Status200OK);

        var (rawPath, query) = RequestTarget.Of(context);
        if (!UrlText.TryDecodePath(rawPath, out var path))
            return RestResponse.BadRequestAsync(context);
        var clean = UrlPath.Clean(path);
        if (clean != path)
            return RestResponse.MovedAsync(context, UrlText.EncodePath(clean) + (query.Length > 0 ? "?" + query : ""));
        return DispatchAsync(context, path, query);
    }

    private Task DispatchAsync(HttpContext context, string path, string query)
    {
        if (path == KeysPrefix || path.StartsWith(KeysPrefix + "/", StringComparison.Ordinal))
            return keys.HandleAsync(context, path[KeysPrefix.Length..], query);
        if (path == MembersPrefix || path.StartsWith(MembersPrefix + "/", StringComparison.Ordinal))
            return members.HandleAsync(context, path[MembersPrefix.Length..].Trim('/'));
        if (options.ServesJson && path == "/v3")
            return RestResponse.MovedAsync(context, "/v3/" + (query.Length > 0 ? "?" + query : ""));
        if (options.ServesJson && JsonRoutes.Below(path) is { } method)
            return json.HandleAsync(context, method);
        return path switch
        {
            "/v2/machines" => members.HandleMachinesAsync(context),
            "/version" => VersionAsync(context),
            "/health" => health.HandleAsync(context, query),
            MetricsEndpoint.Path => metrics.HandleAsync(context),
            "/debug/vars" => debug.HandleAsync(context),
            _ when auth.TryHandle(context, path, out var answering) => answering,
            _ when stats.TryHandle(context, path, out var answering) => answering,
            _ => checks.TryHandle(context, path, out var answering) ? answering : RestResponse.NotFoundAsync(context),
        };
    }

    private Task VersionAsync(HttpContext context) => HttpMethods.IsGet(context.Request.Method)
        ? RestResponse.WriteAsync(
            context, StatusCodes.Status200OK, RestResponse.Json,
            $"{{\"etcdserver\":\"{options.ServerVersion}\",\"etcdcluster\":\"{options.ClusterVersion}\"}}")
        : RestResponse.MethodNotAllowedAsync(context, "GET");

    /// <summary>A gRPC call that reached no method: the status travels in the headers, without a body.</summary>
    private static void UnknownGrpcMethod(HttpContext context)
    {
        var status = EtcdErrors.Unimplemented(context.Request.Path, s_services.Contains);
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)status.Code).ToString();
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message).Replace("%20", " ", StringComparison.Ordinal);
    }
}
