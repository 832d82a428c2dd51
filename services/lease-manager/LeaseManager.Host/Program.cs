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
    LeaseManagerSettings.All,
    static builder =>
    {
        builder.Services.AddSingleton<IConsensus>(static provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            return ConsensusMembers.Connect(endpoints.Address("Consensus"), endpoints.Create);
        });
        builder.Services.AddSingleton<IStorage>(static provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            return StorageReplicas.Connect(endpoints.Address("Storage"), endpoints.Create);
        });
        builder.Services.AddLeaseManager(builder.Configuration);
        builder.Services.AddReadiness<LeaseManagerService>(
            "claim", static (manager, _) => new(manager.IsActive || manager.StandsBy ? null : "nobody is known to hold the claim"));
    },
    static app => app.MapLeaseManager());
