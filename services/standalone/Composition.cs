using ApiGateway.Host;
using ApiGateway.Host.ClientPort;
using ApiGateway.Host.Mapping;
using ApiGateway.Host.Rest;
using Consensus.Host;
using Consensus.Host.Peers;
using Hosting.Listening;
using Hosting.Tls;
using LeaseManager.Contracts;
using LeaseManager.Host;
using LeaseManager.Host.Grpc;
using LeaseManager.Host.Leadership;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Standalone.Cluster;
using Standalone.Member;
using Storage.Host;
using Storage.Host.Checks;
using Storage.Host.Grpc;
using Storage.Host.Snapshots;
using WatchHub.Feed;
using WatchHub.Host;

namespace Standalone;

/// <summary>The one place that decides that the five services of this process talk to each other by plain calls.</summary>
internal static class Composition
{
    /// <summary>Registers the five services, each bound to the others in-process. They start in this order and stop in the reverse.</summary>
    /// <param name="builder">Of the process.</param>
    /// <param name="options">What the flags say.</param>
    /// <param name="peerTls">What the other members are spoken to with; null: without TLS.</param>
    /// <param name="consensus">The member, whose opening has begun.</param>
    /// <param name="openData">Opens the data file of a directory.</param>
    public static void AddMember(
        this WebApplicationBuilder builder, MemberOptions options, ClientTls? peerTls, EarlyConsensus consensus, Func<string, StorageData> openData)
    {
        // The services read their settings by the names that they have as processes of their own.
        builder.Configuration["Storage:DataDir"] = options.StorageDir;
        builder.Configuration["Storage:ReplicaName"] = options.Name;
        builder.Configuration["LeaseManager:Name"] = options.Name;
        builder.Configuration["LeaseManager:Checkpoints"] = options.LeaseCheckpoints.ToString();
        builder.Configuration["LeaseManager:AutoCompactionMode"] = options.AutoCompactionMode;
        builder.Configuration["LeaseManager:AutoCompactionRetention"] = options.AutoCompactionRetention;
        builder.Configuration["Storage:QuotaBackendBytes"] = options.QuotaBackendBytes;
        builder.Configuration["Storage:InitialCorruptCheck"] = options.InitialCorruptCheck.ToString();
        builder.Configuration["Storage:CorruptCheckTime"] = options.CorruptCheckTime;
        builder.Configuration["Storage:WarningApplyDuration"] = options.WarningApplyDuration;
        builder.Configuration["WatchHub:ProgressInterval"] = options.WatchProgressInterval;
        // Storage's own memory of recent revisions is a plain call away: the hub need not keep them a second time.
        builder.Configuration["WatchHub:WindowBytes"] = "1048576";

        if (peerTls is not null)
            builder.Services.AddSingleton(peerTls);
        builder.Services.AddConsensus(consensus);
        builder.Services.AddSingleton<MemberCluster>();
        builder.Services.AddSingleton<ISnapshotSource>(static provider => provider.GetRequiredService<MemberCluster>().Snapshots);
        builder.Services.AddSingleton<IReplicaPeers>(static provider => provider.GetRequiredService<MemberCluster>());
        builder.Services.AddSingleton<IReplicaMember>(static provider => provider.GetRequiredService<MemberCluster>());
        builder.Services.AddStorage(builder.Configuration, openData);
        builder.Services.AddWatchHub(builder.Configuration);
        builder.Services.AddSingleton<ILeadership>(static provider => provider.GetRequiredService<MemberCluster>());
        builder.Services.AddLeaseManager(builder.Configuration);
        // In place of the process's own manager alone: the leader's member has the active one.
        builder.Services.AddSingleton<ILeaseManager>(static provider => provider.GetRequiredService<MemberCluster>().RouteLeases(
            provider.GetRequiredService<LeaseManagerService>()));
        if (options.Feed.Count > 0)
            builder.AddFeeds(options);
        builder.Services.AddApiGateway(new GatewayOptions
        {
            AdvertiseClientUrls = options.AdvertiseClientUrls,
            RequestTimeout = TimeSpan.FromSeconds(5) + (2 * options.ElectionTimeout),
            ElectionTimeout = options.ElectionTimeout,
            CorsOrigins = options.CorsOrigins,
            HostWhitelist = options.HostWhitelist,
            MaxRequestBytes = options.MaxRequestBytes,
            MaxTxnOperations = options.MaxTxnOps,
            MaxLeases = options.MaxLeases,
            MaxWatchesPerStream = options.MaxWatches.OfStream,
            MaxWatchesPerConnection = options.MaxWatches.OfConnection,
            MaxWatches = options.MaxWatches.OfMember,
            MinLeaseTtlSeconds = options.MinLeaseTtlSeconds,
            ExtensiveMetrics = options.ExtensiveMetrics,
            WarningRequestDuration = options.WarningRequestDuration,
            AuthToken = options.AuthToken,
            AuthTokenTimeToLive = options.AuthTokenTimeToLive,
            BcryptCost = options.BcryptCost,
            ServesJson = options.ServesJson,
            V2MappingPrefix = options.V2MappingPrefix,
        });
        // Two URLs, http and https, may name one port.
        var clientPorts = options.ClientEndpoints.GroupBy(static url => url.EndPoint)
            .Select(port => builder.AddEtcdClientPort(
                port.Key, tls: port.Any(static url => url.IsTls) ? options.ClientTls : null, keepAlive: options.KeepAlive, servesClear: port.Any(static url => !url.IsTls)))
            .ToArray();
        builder.Services.AddSingleton(provider => new ClientPortOpener(
            provider.GetRequiredService<MemberCluster>(), provider.GetRequiredService<V2Mapping>(), clientPorts));
        builder.Services.AddHostedService(static provider => provider.GetRequiredService<ClientPortOpener>());
        foreach (var endpoint in options.MetricsEndpoints)
            builder.AddMetricsPort(endpoint.EndPoint, endpoint.IsTls ? options.ClientTls : null);
        // As in etcd: whoever is answered at all is answered "serving".
        builder.Services.AddGrpcHealthChecks().AddCheck("serving", static () => HealthCheckResult.Healthy());
        builder.Services.AddPeerPortSeparation();
        foreach (var peerPort in options.PeerEndpoints)
        {
            builder.AddEtcdClientPort(
                peerPort.EndPoint,
                static port =>
                {
                    port.MarkAsPeerPort();
                    port.UseConsensusPeers();
                },
                isForClients: false, peerPort.IsTls ? options.PeerTls : null);
        }
        builder.LimitConnections(options);
    }

    /// <summary>What the flags say of the member of the cluster.</summary>
    public static ConsensusOptions ConsensusOf(MemberOptions options, ClientTls? peerTls) => new()
    {
        DataDirectory = options.ConsensusDir,
        Name = options.Name,
        PeerUrls = options.AdvertisePeerUrls,
        InitialCluster = options.InitialCluster,
        JoinsExisting = options.JoinsExisting,
        ForceNewCluster = options.ForceNewCluster,
        Token = options.ClusterToken,
        AdvertiseClientUrls = options.AdvertiseClientUrls,
        HeartbeatInterval = options.HeartbeatInterval,
        ElectionTimeout = options.ElectionTimeout,
        PreVote = options.PreVote,
        StrictReconfigurationCheck = options.StrictReconfigurationCheck,
        KeepEntries = options.SnapshotCount,
        SyncsLog = options.SyncsLog,
        PeerTls = peerTls,
    };

    // Apart, so that a start without feeds loads nothing of theirs.
    private static void AddFeeds(this WebApplicationBuilder builder, MemberOptions options)
    {
        foreach (var (name, value) in options.Feed)
            builder.Configuration[name] = value;
        builder.Services.AddFeeds(builder.Configuration);
    }

    // After what the ports say of the server's limits.
    private static void LimitConnections(this WebApplicationBuilder builder, MemberOptions options)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.Http2.MaxStreamsPerConnection = options.MaxConcurrentStreams);
        if (options.ReusesPorts)
            builder.Services.Configure<SocketTransportOptions>(static sockets => sockets.CreateBoundListenSocket = SharedPort.Bind);
    }

    /// <summary>Maps what clients call, and, on the peer ports alone, what the other members do.</summary>
    public static void MapMember(this WebApplication app, MemberOptions options)
    {
        if (options.MetricsEndpoints.Count > 0)
            app.UseMetricsPorts();
        app.UseRouting();
        app.UsePeerPortSeparation(ClusterCheck.Refuses);
        app.MapApiGateway();
        // A gateway of its own has it from its host, with the checks of what it depends on.
        app.MapGrpcHealthChecksService();
        app.MapConsensusPeers(
            $$"""{"etcdserver":"{{VersionText.Etcd}}","etcdcluster":"{{VersionText.Cluster}}"}""", static endpoint => endpoint.ForPeersOnly());
        app.MapDowngradePath();
        app.MapGrpcService<StorageGrpcService>().ForPeersOnly();
        app.MapGrpcService<LeaseManagerGrpcService>().ForPeersOnly();
    }
}
