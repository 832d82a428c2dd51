using Consensus.Contracts;
using Hosting.Clients;
using Hosting.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Storage.Client;
using Storage.Contracts;
using Storage.Host.Checks;
using Storage.Host.Grpc;
using Storage.Host.Snapshots;

namespace Storage.Host;

/// <summary>How a process gets a storage replica.</summary>
public static class StorageHosting
{
    /// <summary>
    /// Registers the replica as <see cref="StorageService"/> and <see cref="IStorage"/>; it starts and stops with the process. Needs an
    /// <see cref="IConsensus"/> in the services; with an <see cref="ISnapshotSource"/> there, the replica catches up by a snapshot when the log does not
    /// reach back far enough. Settings: <see cref="StorageConfiguration"/>.
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
            var member = provider.GetService<IReplicaMember>()?.MemberId;
            var options = StorageConfiguration.Read(configuration, member);
            return SharedDirectory.Take(
                configuration["Storage:DataDir"] ?? "data",
                options.ReplicaName,
                StorageConfiguration.ReadSharedBy(configuration),
                (directory, name) => StorageStart.Open(
                    directory,
                    openData,
                    data => new StorageService(
                        provider.GetRequiredService<IConsensus>(),
                        data,
                        options with { ReplicaName = name, AlarmMember = member ?? StorageConfiguration.IdOf(name) },
                        provider.GetRequiredService<TimeProvider>(),
                        logger,
                        Environment.FailFast,
                        provider.GetService<ISnapshotSource>(),
                        provider.GetService<IReplicaPeers>()),
                    logger));
        });
        services.AddSingleton<IStorage>(provider => provider.GetRequiredService<StorageService>());
        services.AddMetricSource(static provider => new StorageMetricSource(provider.GetRequiredService<StorageService>()));
        services.AddHostedService<Lifetime>();
        return services;
    }

    /// <summary>
    /// Registers the replicas at <c>Storage:Peers</c> (addresses between commas, or a name as <c>dns:///host:port</c>; this replica's own among them does no harm) as
    /// where snapshots come from, and to compare with.
    /// Without that setting nothing is registered, and a replica that the log left behind stops.
    /// </summary>
    public static IServiceCollection AddStoragePeers(this IServiceCollection services, IConfiguration configuration)
    {
        var addresses = (configuration["Storage:Peers"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (addresses.Length == 0)
            return services;
        services.AddSingleton<IReplicaPeers>(provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            return addresses is [var only] && ReplicaName.TryParse(only, out var name)
                ? new NamedReplicaPeers(name.ResolveAsync, endpoints.Create)
                : new FixedReplicaPeers([.. addresses.Select(address => StorageClient.Owning(endpoints.Create(address)))]);
        });
        return services.AddSingleton<ISnapshotSource>(provider => new PeerSnapshots(
            provider.GetRequiredService<IReplicaPeers>().FindOthersAsync, new StorageOptions(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PeerSnapshots>>()));
    }

    /// <summary>Maps the gRPC binding.</summary>
    public static IEndpointRouteBuilder MapStorage(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<StorageGrpcService>();
        return endpoints;
    }

    private sealed class Lifetime(StorageService storage) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await storage.CompareAtStartAsync(cancellationToken).ConfigureAwait(false);
            storage.Start();
        }

        public Task StopAsync(CancellationToken cancellationToken) => storage.DisposeAsync().AsTask();
    }
}
