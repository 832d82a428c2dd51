using ApiGateway.Host;
using ApiGateway.Host.ClientPort;
using Consensus.Host;
using LeaseManager.Host;
using Microsoft.AspNetCore.Builder;
using Standalone.Member;
using Storage.Host;
using WatchHub.Host;

namespace Standalone;

/// <summary>The one place that decides that the five services of this process talk to each other by plain calls.</summary>
internal static class Composition
{
    /// <summary>Registers the five services, each bound to the others in-process. They start in this order and stop in the reverse.</summary>
    public static void AddMember(this WebApplicationBuilder builder, MemberOptions options)
    {
        // The services read their settings by the names that they have as processes of their own.
        builder.Configuration["Storage:DataDir"] = options.StorageDir;
        builder.Configuration["Storage:ReplicaName"] = options.Name;
        builder.Configuration["LeaseManager:Name"] = options.Name;
        // Storage's own memory of recent revisions is a plain call away: the hub need not keep them a second time.
        builder.Configuration["WatchHub:WindowBytes"] = "1048576";

        builder.Services.AddConsensus(new ConsensusOptions
        {
            DataDirectory = options.ConsensusDir,
            Name = options.Name,
            PeerUrls = options.AdvertisePeerUrls,
            Token = options.ClusterToken,
            AdvertiseClientUrls = options.AdvertiseClientUrls,
            Tick = options.HeartbeatInterval,
            ElectionTicks = (int)(options.ElectionTimeout / options.HeartbeatInterval),
        });
        builder.Services.AddStorage(builder.Configuration, StorageData.Open);
        builder.Services.AddWatchHub(builder.Configuration);
        builder.Services.AddLeaseManager(builder.Configuration);
        builder.Services.AddApiGateway(new GatewayOptions
        {
            AdvertiseClientUrls = options.AdvertiseClientUrls,
            RequestTimeout = TimeSpan.FromSeconds(5) + (2 * options.ElectionTimeout),
            MaxRequestBytes = options.MaxRequestBytes,
            MaxTxnOperations = options.MaxTxnOps,
            MinLeaseTtlSeconds = options.MinLeaseTtlSeconds,
        });
        foreach (var endpoint in options.ClientEndpoints)
            builder.AddEtcdClientPort(endpoint);
    }

    /// <summary>Maps what clients call.</summary>
    public static void MapMember(this WebApplication app) => app.MapApiGateway();
}
