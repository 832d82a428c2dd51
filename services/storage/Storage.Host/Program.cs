using Consensus.Client;
using Consensus.Contracts;
using Hosting.Clients;
using Storage.Host;

return Hosting.ServiceHost.Run(
    "storage",
    args,
    static builder =>
    {
        builder.Services.AddSingleton<IConsensus>(static provider =>
            new ConsensusClient(provider.GetRequiredService<ServiceEndpoints>().Channel("Consensus")));
        builder.Services.AddStorage(builder.Configuration, StorageData.Open);
    },
    static app => app.MapStorage());
