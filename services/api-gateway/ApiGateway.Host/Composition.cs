using ApiGateway.Host.ClientPort;

namespace ApiGateway.Host;

/// <summary>How the gateway is put together when it is a process of its own: the other services are reached over gRPC.</summary>
internal static class Composition
{
    public static void AddGatewayProcess(WebApplicationBuilder builder)
    {
        var options = GatewayConfiguration.Read(builder.Configuration);
        builder.Services.AddApiGateway(options);
        foreach (var url in options.ListenClientUrls)
            builder.AddEtcdClientPort(GatewayConfiguration.Address(url));
    }
}
