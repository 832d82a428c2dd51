using Consensus.Client.Replicated;
using Consensus.Contracts;
using Hosting.Clients;
using Hosting.Health;
using Microsoft.Extensions.Configuration;
using Storage.Host;

if (args is ["check", ..])
    return DataCheck.Run(new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine([.. args.Skip(1)]).Build()["Storage:DataDir"] ?? "data", Console.Out, Console.Error);

return Hosting.ServiceHost.Run(
    "storage",
    args,
    StorageSettings.All,
    static builder =>
    {
        builder.Services.AddSingleton<IConsensus>(static provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            // Replicas that name the members in different orders spread over them, too.
            return ConsensusMembers.Connect(endpoints.Address("Consensus"), endpoints.Create, new ReplicatedOptions { First = endpoints.First });
        });
        builder.Services.AddStoragePeers(builder.Configuration);
        builder.Services.AddStorage(builder.Configuration, StorageData.Open);
        builder.Services.AddReadiness<CatchUp>("catch-up", static (catchUp, cancellation) => catchUp.WhyBehindAsync(cancellation));
        builder.Services.AddSingleton<CatchUp>();
    },
    static app => app.MapStorage());
