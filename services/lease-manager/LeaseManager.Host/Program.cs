using Consensus.Client;
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
            new ConsensusClient(provider.GetRequiredService<ServiceEndpoints>().Channel("Consensus")));
        builder.Services.AddSingleton<IStorage>(static provider =>
            new StorageClient(provider.GetRequiredService<ServiceEndpoints>().Channel("Storage")));
        builder.Services.AddLeaseManager(builder.Configuration);
        builder.Services.AddReadiness<LeaseManagerService>(
            "claim", static (manager, _) => new(manager.IsActive ? null : "the claim is not held"));
    },
    static app => app.MapLeaseManager());
