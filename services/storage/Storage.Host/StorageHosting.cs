using Consensus.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Host.Grpc;

namespace Storage.Host;

/// <summary>How a process gets a storage replica.</summary>
public static class StorageHosting
{
    /// <summary>
    /// Registers the replica as <see cref="StorageService"/> and <see cref="IStorage"/>; it starts and stops with the process. Needs an
    /// <see cref="IConsensus"/> in the services. Settings: <c>Storage:DataDir</c> (default "data"), <c>Storage:ReplicaName</c> (default: machine name).
    /// </summary>
    /// <param name="services">Where to register.</param>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="openData">Opens (or formats) the data file of a directory.</param>
    public static IServiceCollection AddStorage(
        this IServiceCollection services, IConfiguration configuration, Func<string, StorageData> openData)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new StorageService(
            provider.GetRequiredService<IConsensus>(),
            openData(configuration["Storage:DataDir"] ?? "data"),
            new StorageOptions { ReplicaName = configuration["Storage:ReplicaName"] ?? Environment.MachineName },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<StorageService>>(),
            Environment.FailFast));
        services.AddSingleton<IStorage>(provider => provider.GetRequiredService<StorageService>());
        services.AddHostedService<Lifetime>();
        return services;
    }

    /// <summary>Maps the gRPC binding.</summary>
    public static IEndpointRouteBuilder MapStorage(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<StorageGrpcService>();
        return endpoints;
    }

    private sealed class Lifetime(StorageService storage) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            storage.Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => storage.DisposeAsync().AsTask();
    }
}
