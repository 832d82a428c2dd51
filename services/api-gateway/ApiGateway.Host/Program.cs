return Hosting.ServiceHost.Run("api-gateway", args, static builder => { }, static app => { });
