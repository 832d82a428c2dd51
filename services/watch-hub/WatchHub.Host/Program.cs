using WatchHub.Host;

return Hosting.ServiceHost.Run(
    "watch-hub", args,
    static builder => builder.Services.AddWatchHub(builder.Configuration),
    static app => app.MapWatchHub());
