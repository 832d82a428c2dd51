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
    /// Configuration: <c>WatchHub:ProgressInterval</c> (time span), <c>WatchHub:WindowBytes</c> (of each key space).
    /// </summary>
    public static IServiceCollection AddWatchHub(this IServiceCollection services, IConfiguration configuration)
    {
        var defaults = new HubLimits();
        var limits = defaults with
        {
            ProgressInterval = configuration.GetValue<TimeSpan?>("WatchHub:ProgressInterval") ?? defaults.ProgressInterval,
            WindowBytes = configuration.GetValue<long?>("WatchHub:WindowBytes") ?? defaults.WindowBytes,
        };
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new WatchHubOptions { Limits = limits });
        services.AddSingleton<WatchHubService>();
        services.AddSingleton<IWatchHub>(static provider => provider.GetRequiredService<WatchHubService>());
        services.AddHostedService(static provider => provider.GetRequiredService<WatchHubService>());
        services.AddSingleton<HubPresence>();
        services.AddHostedService(static provider => provider.GetRequiredService<HubPresence>());
        return services;
    }

    /// <summary>Maps the hub's gRPC binding.</summary>
    public static IEndpointRouteBuilder MapWatchHub(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<WatchHubGrpcService>();
        return endpoints;
    }
}
