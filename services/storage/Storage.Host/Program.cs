return Hosting.ServiceHost.Run("storage", args, static builder => { }, static app => { });
