return Hosting.ServiceHost.Run("consensus", args, static builder => { }, static app => { });
