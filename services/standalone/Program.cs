return Hosting.ServiceHost.Run("standalone", args, static builder => { }, static app => { });
