using Hosting.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hosting.Health;

/// <summary>The two ways to ask a service for its readiness, gRPC's health service and <c>GET /healthz</c>; beside the latter its metrics.</summary>
internal static class HealthEndpoints
{
    public const string Path = "/healthz";

    public static void AddHealth(this IServiceCollection services)
    {
        services.AddHealthChecks();
        services.AddGrpcHealthChecks();
    }

    /// <param name="app">Where to map.</param>
    /// <param name="healthPort">The port of <c>/healthz</c> and <c>/metrics</c>: what other ports serve is the service's own affair. Null: none.</param>
    public static void MapHealth(this IEndpointRouteBuilder app, int? healthPort)
    {
        app.MapGrpcHealthChecksService();
        if (healthPort is not { } port)
            return;
        app.MapHealthChecks(Path, new HealthCheckOptions { ResponseWriter = WriteReasons }).RequireHost($"*:{port}");
        app.MapMetrics().RequireHost($"*:{port}");
    }

    // 200 "ok", or 503 with one line for each check that fails: what an operator wants to read in `docker inspect`.
    private static Task WriteReasons(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (report.Status == HealthStatus.Healthy)
            return context.Response.WriteAsync("ok\n");
        var reasons = report.Entries
            .Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(entry => $"{entry.Key}: {entry.Value.Description ?? entry.Value.Exception?.Message}\n");
        return context.Response.WriteAsync(string.Concat(reasons));
    }
}
