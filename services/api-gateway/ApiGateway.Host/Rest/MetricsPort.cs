using System.Net;
using Hosting.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ApiGateway.Host.Rest;

/// <summary>Ports that serve metrics and health alone, over HTTP/1.1, whatever state the member is in.</summary>
public static class MetricsPort
{
    /// <summary>Opens one. Needs <see cref="GatewayExtensions.UseMetricsPorts"/>.</summary>
    public static void AddMetricsPort(this WebApplicationBuilder builder, EndPoint address, TlsSettings? tls) =>
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, port =>
        {
            port.Protocols = HttpProtocols.Http1;
            if (tls is not null)
                port.UseServerTls(tls, "metrics");
            port.Use(static next => connection =>
            {
                connection.Features.Set(Marker.Instance);
                return next(connection);
            });
        }));

    /// <summary>Whether a request came in at one of them.</summary>
    internal static bool Includes(HttpContext context) => context.Features.Get<Marker>() is not null;

    private sealed class Marker
    {
        public static readonly Marker Instance = new();
    }
}
