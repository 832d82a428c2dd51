using ApiGateway.Host;

return Hosting.ServiceHost.Run("api-gateway", args, Composition.AddGatewayProcess, static app => app.MapApiGateway());
