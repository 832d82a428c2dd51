using Microsoft.Extensions.DependencyInjection.Extensions;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Host.Grpc;

namespace WatchHub.Host;

/// <summary>Composition of the watch-hub.</summary>
public static class WatchHubExtensions
{
    /// <summary>
    /// Adds the hub as <see cref="IWatchHub"/> and as a hosted service. Needs an <see cref="Storage.Contracts.IStorage"/>.
    /// Configuration: <c>WatchHub:ProgressInterval</c> (time span).
    /// </summary>
    public static IServiceCollection AddWatchHub(this IServiceCollection services, IConfiguration configuration)
    {
        var progress = configuration.GetValue<TimeSpan?>("WatchHub:ProgressInterval") ?? new HubLimits().ProgressInterval;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new WatchHubOptions { Limits = new HubLimits { ProgressInterval = progress } });
        services.AddSingleton<WatchHubService>();
        services.AddSingleton<IWatchHub>(static provider => provider.GetRequiredService<WatchHubService>());
        services.AddHostedService(static provider => provider.GetRequiredService<WatchHubService>());
        return services;
    }

    /// <summary>Maps the hub's gRPC binding.</summary>
    public static IEndpointRouteBuilder MapWatchHub(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<WatchHubGrpcService>();
        return endpoints;
    }
}
