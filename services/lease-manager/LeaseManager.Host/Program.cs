using Consensus.Client.Replicated;
using Consensus.Contracts;
using Hosting.Clients;
using Hosting.Health;
using LeaseManager.Host;
using Storage.Client;
using Storage.Contracts;

return Hosting.ServiceHost.Run(
    "lease-manager",
    args,
    static builder =>
    {
        builder.Services.AddSingleton<IConsensus>(static provider =>
            ConsensusMembers.Connect(provider.GetRequiredService<ServiceEndpoints>().Address("Consensus"), ChannelFactory.Create));
        builder.Services.AddSingleton<IStorage>(static provider =>
            StorageReplicas.Connect(provider.GetRequiredService<ServiceEndpoints>().Address("Storage"), ChannelFactory.Create));
        builder.Services.AddLeaseManager(builder.Configuration);
        builder.Services.AddReadiness<LeaseManagerService>(
            "claim", static (manager, _) => new(manager.IsActive || manager.StandsBy ? null : "nobody is known to hold the claim"));
    },
    static app => app.MapLeaseManager());
