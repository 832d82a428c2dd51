using ApiGateway.Host;

return Hosting.ServiceHost.Run("api-gateway", args, GatewaySettings.All, Composition.AddGatewayProcess, static app => app.MapApiGateway());
