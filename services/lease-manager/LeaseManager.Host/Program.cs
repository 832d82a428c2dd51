return Hosting.ServiceHost.Run("lease-manager", args, static builder => { }, static app => { });
