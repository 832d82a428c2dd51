using LeaseManager.Host;

return Hosting.ServiceHost.Run(
    "lease-manager", args,
    static builder => builder.Services.AddLeaseManager(builder.Configuration),
    static app => app.MapLeaseManager());
