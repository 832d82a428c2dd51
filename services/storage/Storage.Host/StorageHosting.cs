using Consensus.Contracts;
using Hosting.Clients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Storage.Client;
using Storage.Contracts;
using Storage.Host.Grpc;
using Storage.Host.Snapshots;

namespace Storage.Host;

/// <summary>How a process gets a storage replica.</summary>
public static class StorageHosting
{
    /// <summary>
    /// Registers the replica as <see cref="StorageService"/> and <see cref="IStorage"/>; it starts and stops with the process. Needs an
    /// <see cref="IConsensus"/> in the services; with an <see cref="ISnapshotSource"/> there, the replica catches up by a snapshot when the log does not
    /// reach back far enough. Settings: <c>Storage:DataDir</c> (default "data"), <c>Storage:ReplicaName</c> (default: machine name), <c>Storage:SharedBy</c> (default 1: the
    /// number of replicas that may share the directory, each with a place of its own in it).
    /// </summary>
    /// <param name="services">Where to register.</param>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="openData">Opens (or formats) the data file of a directory.</param>
    public static IServiceCollection AddStorage(
        this IServiceCollection services, IConfiguration configuration, Func<string, StorageData> openData)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider =>
        {
            var logger = provider.GetRequiredService<ILogger<StorageService>>();
            return SharedDirectory.Take(
                configuration["Storage:DataDir"] ?? "data",
                configuration["Storage:ReplicaName"] ?? Environment.MachineName,
                configuration.GetValue("Storage:SharedBy", 1),
                (directory, name) => StorageStart.Open(
                    directory,
                    openData,
                    data => new StorageService(
                        provider.GetRequiredService<IConsensus>(),
                        data,
                        new StorageOptions { ReplicaName = name },
                        provider.GetRequiredService<TimeProvider>(),
                        logger,
                        Environment.FailFast,
                        provider.GetService<ISnapshotSource>()),
                    logger));
        });
        services.AddSingleton<IStorage>(provider => provider.GetRequiredService<StorageService>());
        services.AddHostedService<Lifetime>();
        return services;
    }

    /// <summary>
    /// Registers the replicas at <c>Storage:Peers</c> (addresses between commas, or a name as <c>dns:///host:port</c>; this replica's own among them does no harm) as
    /// where snapshots come from.
    /// Without that setting nothing is registered, and a replica that the log left behind stops.
    /// </summary>
    public static IServiceCollection AddStoragePeers(this IServiceCollection services, IConfiguration configuration)
    {
        var addresses = (configuration["Storage:Peers"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (addresses.Length == 0)
            return services;
        var peers = addresses is [var only] && ReplicaName.TryParse(only, out var name) ? new KnownPeers(name.ResolveAsync) : new KnownPeers(_ => new(addresses));
        return services.AddSingleton<ISnapshotSource>(provider => new PeerSnapshots(
            peers.FindAsync, new StorageOptions(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeerSnapshots>>()));
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
