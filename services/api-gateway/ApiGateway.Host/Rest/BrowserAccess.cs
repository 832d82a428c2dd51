using Microsoft.AspNetCore.Http.Features;

namespace ApiGateway.Host.Rest;

/// <summary>
/// Which browsers' pages may call this server: by the host name that they think it has (<c>--host-whitelist</c>, against DNS rebinding, where there is no TLS), and by their own origin
/// (<c>--cors</c>).
/// </summary>
internal sealed class BrowserAccess(GatewayOptions options, ILogger<BrowserAccess> logger)
{
    private readonly HashSet<string> _origins = [.. options.CorsOrigins];
    private readonly HashSet<string> _hosts = [.. options.HostWhitelist];

    /// <summary>Is the host that was asked for one of ours? Otherwise the request has been answered.</summary>
    public async ValueTask<bool> AdmitAsync(HttpContext context)
    {
        if (_hosts.Count == 0 || _hosts.Contains("*") || context.Features.Get<ITlsConnectionFeature>() is not null || _hosts.Contains(context.Request.Host.Host))
            return true;
        logger.UnknownHost(context.Request.Host.Host);
        await RestResponse.ErrorAsync(context, StatusCodes.Status421MisdirectedRequest, Advice(context.Request.Host.Host)).ConfigureAwait(false);
        return false;
    }

    /// <summary>Tells the browser that the page may read the answer, if it may.</summary>
    public void AddHeaders(HttpContext context)
    {
        var origin = _origins.Count == 0 || _origins.Contains("*") ? "*" : context.Request.Headers.Origin.ToString();
        if (origin != "*" && !_origins.Contains(origin))
            return;
        var headers = context.Response.Headers;
        headers.AccessControlAllowHeaders = "accept, content-type, authorization";
        headers.AccessControlAllowMethods = "POST, GET, OPTIONS, PUT, DELETE";
        headers.AccessControlAllowOrigin = origin;
    }

    // Programs and people know these lines from etcd.
    private static string Advice(string host) =>
        "\netcd received your request, but the Host header was unrecognized.\n\n"
        + "To fix this, choose one of the following options:\n"
        + "- Enable TLS, then any HTTPS request will be allowed.\n"
        + "- Add the hostname you want to use to the whitelist in settings.\n"
        + $"  - e.g. etcd --host-whitelist \"{host}\"\n\n"
        + "This requirement has been added to help prevent \"DNS Rebinding\" attacks (CVE-2018-5702).\n";
}
