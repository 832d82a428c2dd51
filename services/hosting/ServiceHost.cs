using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Hosting;

/// <summary>What every service process shares: one internal cleartext HTTP/2 endpoint, gRPC, health.</summary>
public static class ServiceHost
{
    /// <summary>Builds and runs a service process until it is told to stop; returns its exit code.</summary>
    /// <param name="serviceName">Name in telemetry and logs, for example "watch-hub".</param>
    /// <param name="args">Command line: <c>--Key:Sub value</c> pairs on top of environment variables.</param>
    /// <param name="addServices">Registers the service's own parts.</param>
    /// <param name="mapEndpoints">Maps its gRPC binding.</param>
    public static int Run(
        string serviceName, string[] args, Action<WebApplicationBuilder> addServices, Action<WebApplication> mapEndpoints)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Environment.ApplicationName = serviceName;
        var listen = new Uri(builder.Configuration["Listen"] ?? "http://127.0.0.1:8080");
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Parse(listen.Host), listen.Port, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => { grpc.MaxReceiveMessageSize = null; grpc.MaxSendMessageSize = null; });
        addServices(builder);
        var app = builder.Build();
        mapEndpoints(app);
        app.Run();
        return 0;
    }
}
