using Consensus.Contracts;
using Hosting.Metrics;
using LeaseManager.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Feed.Broker;

namespace WatchHub.Feed;

/// <summary>Composition of the feeds.</summary>
public static class FeedExtensions
{
    /// <summary>
    /// Adds the configured feeds (<see cref="FeedConfiguration"/>) as a hosted service; nothing, and nothing of a broker's client is loaded, when there are none. Needs an
    /// <see cref="IWatchHub"/>, an <see cref="IStorage"/>, an <see cref="IConsensus"/> and an <see cref="ILeaseManager"/>.
    /// </summary>
    /// <exception cref="Hosting.ConfigurationException">The configuration makes no sense.</exception>
    public static IServiceCollection AddFeeds(this IServiceCollection services, IConfiguration configuration)
    {
        if (FeedConfiguration.Read(configuration) is not { } options)
            return services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<FeedMetrics>();
        services.AddMetricSource(static provider => provider.GetRequiredService<FeedMetrics>());
        services.AddSingleton<IBroker>(static provider => new RabbitMqBroker(
            provider.GetRequiredService<FeedOptions>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService<FeedService>();
        return services;
    }
}
