using Consensus.Client;
using Consensus.Contracts;
using Hosting.Clients;
using Hosting.Health;
using Storage.Host;

return Hosting.ServiceHost.Run(
    "storage",
    args,
    static builder =>
    {
        builder.Services.AddSingleton<IConsensus>(static provider =>
            new ConsensusClient(provider.GetRequiredService<ServiceEndpoints>().Channel("Consensus")));
        builder.Services.AddStorage(builder.Configuration, StorageData.Open);
        builder.Services.AddReadiness<CatchUp>("catch-up", static (catchUp, cancellation) => catchUp.WhyBehindAsync(cancellation));
        builder.Services.AddSingleton<CatchUp>();
    },
    static app => app.MapStorage());
