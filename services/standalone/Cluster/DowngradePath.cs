using ApiGateway.Host.Admin;
using Hosting.Listening;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Standalone.Cluster;

/// <summary>What members ask each other of a downgrade (server-surface §4): "true" or "false".</summary>
internal static class DowngradePath
{
    public static void MapDowngradePath(this IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/downgrade/enabled", static async context =>
        {
            if (!HttpMethods.IsGet(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                context.Response.Headers.Allow = "GET";
                return;
            }
            var downgrades = context.RequestServices.GetRequiredService<IDowngradeState>();
            var isEnabled = await downgrades.IsEnabledAsync(context.RequestAborted).ConfigureAwait(false);
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(isEnabled ? "true" : "false", context.RequestAborted).ConfigureAwait(false);
        }).ForPeersOnly();
}
