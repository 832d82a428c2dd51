using ApiGateway.Host.ClientPort;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Mapping;
using ApiGateway.Host.Metrics;
using Consensus.Client.Replicated;
using Consensus.Contracts;
using Hosting.Clients;
using Hosting.Health;
using Hosting.Metrics;
using Hosting.Tls;
using LeaseManager.Client.Replicated;
using LeaseManager.Contracts;
using Storage.Client;
using Storage.Contracts;
using WatchHub.Client;
using WatchHub.Contracts;

namespace ApiGateway.Host;

/// <summary>How the gateway is put together when it is a process of its own: the other services are reached over gRPC.</summary>
internal static class Composition
{
    public static void AddGatewayProcess(WebApplicationBuilder builder)
    {
        // By the order of the addresses each gateway can be given a member and a replica to keep to while they are well.
        builder.Services.AddSingleton<IConsensus>(static provider =>
            ConsensusMembers.Connect(Endpoints(provider).Address("Consensus"), Endpoints(provider).Create, new ReplicatedOptions { First = Endpoints(provider).First }));
        builder.Services.AddSingleton<IStorage>(static provider =>
            StorageReplicas.Connect(Endpoints(provider).Address("Storage"), Endpoints(provider).Create, new ReplicatedStorageOptions { First = Endpoints(provider).First }));
        builder.Services.AddSingleton<ILeaseManager>(static provider => LeaseManagers.Connect(
            Endpoints(provider).Address("LeaseManager"), Endpoints(provider).CreateForPeer));
        builder.Services.AddSingleton<IWatchHub>(static provider => ConnectHubs(Endpoints(provider)));

        builder.Services.AddReadiness<IConsensus>(
            "consensus", static async (consensus, cancellation) => (await consensus.GetStatusAsync(cancellation)).Leader.Value == 0 ? "no leader" : null);
        builder.Services.AddReadiness<IStorage>("storage", static async (storage, cancellation) =>
        {
            await storage.GetStatusAsync(cancellation);
            return null;
        });

        builder.Services.AddReadiness<StopNotice>("stop", static (notice, _) => new(notice.IsGiven ? "told to stop" : null));

        var options = GatewayConfiguration.Read(builder.Configuration);
        builder.Services.AddApiGateway(options);
        var tls = TlsConfiguration.Read(builder.Configuration.GetSection("Gateway:Tls"));
        builder.Services.AddMetricSource(static provider => new ClusterMetrics(provider.GetRequiredService<ClusterView>()));
        // Two URLs, http and https, may name one port.
        var ports = options.ListenClientUrls.GroupBy(static url => GatewayConfiguration.Address(url))
            .Select(port => (Address: port.Key, Tls: port.Select(url => GatewayConfiguration.TlsFor(url, tls)).ToList()))
            .Select(port => builder.AddEtcdClientPort(port.Address, tls: port.Tls.Find(static one => one is not null), servesClear: port.Tls.Contains(null))).ToArray();
        builder.Services.AddHostedService(provider => new MappedPorts(provider.GetRequiredService<V2Mapping>(), ports));
    }

    // One name for as many hubs as there are at any time, or their addresses.
    private static WatchHubClient ConnectHubs(ServiceEndpoints endpoints) => ReplicaName.TryParse(endpoints.Address("WatchHub"), out var name)
        ? new WatchHubClient(name.ResolveAsync, endpoints.CreateForManyStreams)
        : new WatchHubClient(endpoints.Address("WatchHub"), endpoints.CreateForManyStreams);

    private static ServiceEndpoints Endpoints(IServiceProvider provider) => provider.GetRequiredService<ServiceEndpoints>();
}
