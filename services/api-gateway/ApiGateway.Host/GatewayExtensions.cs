using ApiGateway.Host.Admin;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.ClientPort;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Contending;
using ApiGateway.Host.Json;
using ApiGateway.Host.Kv;
using ApiGateway.Host.Leases;
using ApiGateway.Host.Limits;
using ApiGateway.Host.Mapping;
using ApiGateway.Host.Metrics;
using ApiGateway.Host.Proposing;
using ApiGateway.Host.Rest;
using ApiGateway.Host.Rest.V2Auth;
using ApiGateway.Host.Slow;
using ApiGateway.Host.Watching;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Reflection;
using Hosting.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ApiGateway.Host;

/// <summary>The gateway in a host that has IConsensus, IStorage, IWatchHub and ILeaseManager, whichever way they are bound.</summary>
public static class GatewayExtensions
{
    /// <summary>Registers the gateway.</summary>
    public static IServiceCollection AddApiGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddHostedSingleton<ClusterView>().AddHostedSingleton<Proposer>().AddHostedSingleton<SpaceGuard>().AddHostedSingleton<WatchBookmarks>()
            .AddHostedSingleton<StreamGuards>().AddHostedSingleton<Callers>();
        services.AddSingleton<ApplyLag>().AddSingleton<WatchRooms>().AddSingleton<AnswerRoom>();
        services.AddSingleton<StopNotice>();
        services.AddHostedService<ClientDrain>();
        services.AddSingleton<ReadBarrier>().AddSingleton<CallGate>().AddSingleton<LeaseCalls>().AddSingleton<RangeStreamCalls>().AddSingleton<MembershipChanges>().AddSingleton<SnapshotCalls>().AddSingleton<DowngradeCalls>()
            .AddSingleton<IDowngradeState>(static provider => provider.GetRequiredService<DowngradeCalls>());
        services.AddSingleton<KnownTokens>().AddSingleton<Passwords>().AddSingleton<CallerProposals>().AddSingleton<SlowRequests>();
        services.AddSingleton(static provider => TokenFactory.Create(
            provider.GetRequiredService<GatewayOptions>().AuthToken, provider.GetRequiredService<GatewayOptions>().AuthTokenTimeToLive,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<V2KeysHandler>().AddSingleton<V2WatchHandler>().AddSingleton<V2MembersHandler>().AddSingleton<V2StatsHandler>();
        services.AddSingleton<V2AuthStore>().AddSingleton<V2Access>().AddSingleton<V2AuthHandler>().AddSingleton<V2Mapping>();
        services.AddSingleton<HealthProbe>().AddSingleton<HealthMetrics>().AddSingleton<HealthHandler>().AddSingleton<HealthChecks>().AddSingleton<DebugVars>()
            .AddSingleton<BrowserAccess>().AddSingleton<JsonGateway>().AddSingleton<RestRouter>();
        services.AddMetricRegistry();
        services.AddSingleton<GrpcMetrics>().AddSingleton<GatewayMetrics>();
        services.AddMetricSource(static provider => provider.GetRequiredService<GrpcMetrics>())
            .AddMetricSource(static provider => provider.GetRequiredService<GatewayMetrics>())
            .AddMetricSource(static provider => provider.GetRequiredService<HealthMetrics>());

        services.AddGrpc();
        // What is no method goes on to the router, which answers in etcd's words.
        services.Configure<GrpcServiceOptions>(static grpc => grpc.IgnoreUnknownServices = true);
        services.AddMethods<KvService, KvMethods>().AddMethods<WatchService, WatchMethods>().AddMethods<LeaseService, LeaseMethods>();
        services.AddMethods<ClusterService, ClusterMethods>().AddMethods<MaintenanceService, MaintenanceMethods>();
        services.AddMethods<AuthService, AuthMethods>();
        services.AddSingleton<InnerKv>().AddSingleton<KeyEvents>().AddSingleton<Contender>();
        services.AddMethods<LockService, LockMethods>().AddMethods<ElectionService, ElectionMethods>();
        // What grpcurl and its like ask first; etcd has none.
        services.AddSingleton(static _ => new ReflectionServiceImpl(JsonRoutes.Services)).AddSingleton(static _ => new ReflectionV1ServiceImpl(JsonRoutes.Services));
        return services.AddQuietRequests();
    }

    /// <summary>Maps the gRPC services, and everything else to the REST router.</summary>
    public static IEndpointRouteBuilder MapApiGateway(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<KvService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<WatchService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<LeaseService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<ClusterService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<MaintenanceService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<AuthService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<LockService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<ElectionService>().Add(AnswerRoom.WaitUntilTaken);
        endpoints.MapGrpcService<ReflectionServiceImpl>();
        endpoints.MapGrpcService<ReflectionV1ServiceImpl>();
        var router = endpoints.ServiceProvider.GetRequiredService<RestRouter>();
        endpoints.Map("{**path}", router.HandleAsync).WithOrder(int.MaxValue).WithDisplayName("etcd REST");
        return endpoints;
    }

    /// <summary>Serves metrics and health, and nothing else, on ports marked for it. Before routing.</summary>
    public static IApplicationBuilder UseMetricsPorts(this IApplicationBuilder app)
    {
        var router = app.ApplicationServices.GetRequiredService<RestRouter>();
        return app.Use((context, next) => MetricsPort.Includes(context) ? router.HandleMetricsPortAsync(context) : next(context));
    }

    private static IServiceCollection AddMethods<TService, TMethods>(this IServiceCollection services)
        where TService : class
        where TMethods : class, IServiceMethodProvider<TService>
    {
        // One instance for all calls; calls keep no state in it.
        services.AddSingleton<TService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<TService>, TMethods>());
        services.AddOptions<GrpcServiceOptions<TService>>().Configure(static grpc =>
        {
            grpc.MaxReceiveMessageSize = RawRequest.TransportLimitBytes;
            grpc.MaxSendMessageSize = null;
            grpc.IgnoreUnknownServices = true;
        });
        return services;
    }

    private static IServiceCollection AddHostedSingleton<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        return services.AddHostedService(static provider => provider.GetRequiredService<T>());
    }

    /// <summary>
    /// No log line, and above all no log scope, per request: ASP.NET makes an Activity for each as soon as anybody could log
    /// under its hosting category, and gRPC logs every refused call.
    /// </summary>
    private static IServiceCollection AddQuietRequests(this IServiceCollection services) =>
        services.Configure<LoggerFilterOptions>(static filters =>
        {
            filters.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
            filters.AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning);
            filters.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning);
            filters.AddFilter("Grpc", LogLevel.Warning);
        });
}
