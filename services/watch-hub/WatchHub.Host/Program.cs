using Hosting.Clients;
using Storage.Client;
using Storage.Contracts;
using WatchHub.Host;

return Hosting.ServiceHost.Run(
    "watch-hub",
    args,
    static builder =>
    {
        builder.Services.AddSingleton<IStorage>(static provider =>
            new StorageClient(provider.GetRequiredService<ServiceEndpoints>().Channel("Storage")));
        builder.Services.AddWatchHub(builder.Configuration);
    },
    static app => app.MapWatchHub());
