using Hosting.Clients;
using Hosting.Health;
using Storage.Client;
using Storage.Contracts;
using WatchHub.Host;

return Hosting.ServiceHost.Run(
    "watch-hub",
    args,
    WatchHubSettings.All,
    static builder =>
    {
        builder.Services.AddSingleton<IStorage>(static provider =>
        {
            var endpoints = provider.GetRequiredService<ServiceEndpoints>();
            return StorageReplicas.Connect(endpoints.Address("Storage"), endpoints.Create);
        });
        builder.Services.AddWatchHub(builder.Configuration);
        builder.AddHubFeeds();
        builder.Services.AddReadiness<WatchHubService>(
            "feed", static (hub, _) => new(hub.IsFollowing ? null : "nothing heard from storage"));
    },
    static app => app.MapWatchHub());
