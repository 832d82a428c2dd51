using Consensus.Client.Replicated;
using Consensus.Contracts;
using Hosting.Clients;
using LeaseManager.Client.Replicated;
using LeaseManager.Contracts;
using WatchHub.Feed;

namespace WatchHub.Host;

/// <summary>Feeds of a hub that is a process of its own.</summary>
internal static class HubFeeds
{
    /// <summary>Adds the configured feeds, and the services that they need and a hub without feeds does not: <c>Services:Consensus</c> and <c>Services:LeaseManager</c>.</summary>
    public static void AddHubFeeds(this WebApplicationBuilder builder)
    {
        builder.Services.AddFeeds(builder.Configuration);
        if (!FeedConfiguration.IsOn(builder.Configuration))
            return;
        builder.Services.AddSingleton<IConsensus>(static provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            return ConsensusMembers.Connect(endpoints.Address("Consensus"), endpoints.Create);
        });
        builder.Services.AddSingleton<ILeaseManager>(static provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            return LeaseManagers.Connect(endpoints.Address("LeaseManager"), endpoints.CreateForPeer);
        });
    }
}
