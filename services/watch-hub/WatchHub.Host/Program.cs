return Hosting.ServiceHost.Run("watch-hub", args, static builder => { }, static app => { });
