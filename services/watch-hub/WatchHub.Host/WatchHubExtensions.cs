using Hosting;
using Hosting.Durations;
using Hosting.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Host.Grpc;

namespace WatchHub.Host;

/// <summary>Composition of the watch-hub.</summary>
public static class WatchHubExtensions
{
    // As in etcd.
    private static readonly TimeSpan s_shortestProgressInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Adds the hub as <see cref="IWatchHub"/> and as a hosted service. Needs an <see cref="Storage.Contracts.IStorage"/>.
    /// Configuration: <c>WatchHub:ProgressInterval</c> (a duration as in etcd's flags; "0s": the default, ten minutes; never less than 100 ms), <c>WatchHub:WindowBytes</c> (of each key space).
    /// </summary>
    public static IServiceCollection AddWatchHub(this IServiceCollection services, IConfiguration configuration)
    {
        var defaults = new HubLimits();
        var limits = defaults with
        {
            ProgressInterval = ProgressInterval(configuration) ?? defaults.ProgressInterval,
            WindowBytes = configuration.GetValue<long?>("WatchHub:WindowBytes") ?? defaults.WindowBytes,
        };
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new WatchHubOptions { Limits = limits });
        services.AddSingleton<WatchHubService>();
        services.AddSingleton<IWatchHub>(static provider => provider.GetRequiredService<WatchHubService>());
        services.AddHostedService(static provider => provider.GetRequiredService<WatchHubService>());
        services.AddMetricSource(static provider => new WatchMetricSource(provider.GetRequiredService<WatchHubService>()));
        services.AddSingleton<HubPresence>();
        services.AddHostedService(static provider => provider.GetRequiredService<HubPresence>());
        return services;
    }

    /// <exception cref="ConfigurationException">It is no duration.</exception>
    private static TimeSpan? ProgressInterval(IConfiguration configuration)
    {
        if (configuration["WatchHub:ProgressInterval"] is not { Length: > 0 } text)
            return null;
        if (!GoDuration.TryParse(text, out TimeSpan interval, out var complaint))
            throw new ConfigurationException($"WatchHub:ProgressInterval: {complaint}");
        if (interval <= TimeSpan.Zero)
            return null;
        return interval < s_shortestProgressInterval ? s_shortestProgressInterval : interval;
    }

    /// <summary>Maps the hub's gRPC binding.</summary>
    public static IEndpointRouteBuilder MapWatchHub(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<WatchHubGrpcService>();
        return endpoints;
    }
}
