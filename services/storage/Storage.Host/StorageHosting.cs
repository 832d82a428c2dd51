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
        services.AddSingleton(provider => new StorageService(
            provider.GetRequiredService<IConsensus>(),
            openData(configuration["Storage:DataDir"] ?? "data"),
            StorageConfiguration.Read(configuration, provider.GetService<IReplicaMember>()?.MemberId),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<StorageService>>(),
            Environment.FailFast,
            provider.GetService<ISnapshotSource>(),
            provider.GetService<IReplicaPeers>()));
        services.AddSingleton<IStorage>(provider => provider.GetRequiredService<StorageService>());
        services.AddHostedService<Lifetime>();
        return services;
    }

    /// <summary>
    /// Registers the replicas at <c>Storage:Peers</c> (addresses between commas; this replica's own among them does no harm) as where snapshots come from,
    /// and to compare with.
    /// Without that setting nothing is registered, and a replica that the log left behind stops.
    /// </summary>
    public static IServiceCollection AddStoragePeers(this IServiceCollection services, IConfiguration configuration)
    {
        var addresses = (configuration["Storage:Peers"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (addresses.Length == 0)
            return services;
        services.AddSingleton<IReplicaPeers>(_ =>
            new FixedReplicaPeers([.. addresses.Select(static address => new StorageClient(ChannelFactory.Create(address)))]));
        return services.AddSingleton<ISnapshotSource>(provider => new PeerSnapshots(
            _ => new(provider.GetRequiredService<IReplicaPeers>().Others), new StorageOptions(), provider.GetRequiredService<TimeProvider>(),
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
