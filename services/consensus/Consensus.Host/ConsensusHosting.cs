using System.Text;
using Consensus.Contracts;
using Consensus.Host.Grpc;
using Consensus.Host.Identity;
using Consensus.Host.Peers;
using Consensus.Host.Service;
using Hosting.Metrics;
using Hosting.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Consensus.Host;

/// <summary>How a process takes consensus in.</summary>
public static class ConsensusHosting
{
    /// <summary>
    /// Registers <see cref="IConsensus"/> in process. It is opened before any service registered after it starts, and closed
    /// with the container, after all of them have stopped. A member that leads hands over first of all when the host stops; one that was
    /// removed from its cluster stops the host. A registered <see cref="ClientTls"/> is what it speaks to other members with.
    /// </summary>
    public static IServiceCollection AddConsensus(this IServiceCollection services, ConsensusOptions options) =>
        services.AddConsensus(provider => ConsensusService.StartAsync(
            options with
            {
                OnRemoved = provider.GetRequiredService<IHostApplicationLifetime>().StopApplication,
                PeerTls = options.PeerTls ?? provider.GetService<ClientTls>(),
            },
            provider.GetRequiredService<ILogger<ConsensusService>>()).GetAwaiter().GetResult());

    /// <summary>As the other, for a member whose opening has begun.</summary>
    public static IServiceCollection AddConsensus(this IServiceCollection services, EarlyConsensus begun) =>
        services.AddConsensus(provider => begun.Take(provider.GetRequiredService<IHostApplicationLifetime>().StopApplication));

    private static IServiceCollection AddConsensus(this IServiceCollection services, Func<IServiceProvider, ConsensusService> open)
    {
        services.AddSingleton(open);
        services.AddSingleton<IConsensus>(provider => provider.GetRequiredService<ConsensusService>());
        services.AddMetricSource(static provider => new ConsensusMetricSource(provider.GetRequiredService<ConsensusService>()));
        return services.AddHostedService<Starter>();
    }

    /// <summary>Serves the registered <see cref="IConsensus"/> to other processes. Needs gRPC services.</summary>
    public static void MapConsensus(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGrpcService<ConsensusGrpcService>();

    /// <summary>
    /// Serves what the other members call besides their own connections (<see cref="PeerAcceptor"/>), and etcd's <c>/members</c> and <c>/version</c>.
    /// Needs gRPC services.
    /// </summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="version">The answer to <c>/version</c>.</param>
    /// <param name="convention">What holds for each of these endpoints, such as the port it is served on; null is nothing.</param>
    public static void MapConsensusPeers(
        this IEndpointRouteBuilder endpoints, string version, Action<IEndpointConventionBuilder>? convention = null)
    {
        List<IEndpointConventionBuilder> mapped =
        [
            endpoints.MapGrpcService<PeerGrpcService>(),
            // Plain delegates: handlers that the framework binds parameters for cost the first request, whichever it is, a tenth of a second.
            endpoints.MapGet("/members", static context =>
            {
                var consensus = context.RequestServices.GetRequiredService<ConsensusService>();
                context.Response.Headers[RemoteCluster.ClusterIdHeader] = consensus.Cluster.ToString();
                return WriteJsonAsync(context, RemoteCluster.ToJson(consensus.Status.Members));
            }),
            endpoints.MapGet("/version", context => WriteJsonAsync(context, Encoding.UTF8.GetBytes(version))),
        ];
        mapped.ForEach(endpoint => convention?.Invoke(endpoint));
    }

    private static Task WriteJsonAsync(HttpContext context, byte[] json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }

    /// <summary>Reads the section "Consensus"; what is absent has its default.</summary>
    /// <exception cref="FormatException">DataDir is missing.</exception>
    public static ConsensusOptions ReadConsensusOptions(this IConfiguration configuration)
    {
        var section = configuration.GetSection("Consensus");
        var options = new ConsensusOptions
        {
            DataDirectory = section["DataDir"] ?? throw new FormatException("Consensus:DataDir is not set"),
        };
        var heartbeat = section.GetValue("HeartbeatMilliseconds", options.HeartbeatInterval.TotalMilliseconds);
        var election = section.GetValue("ElectionMilliseconds", options.ElectionTimeout.TotalMilliseconds);
        return options with
        {
            Name = section["Name"] ?? options.Name,
            InitialCluster = section["InitialCluster"] ?? options.InitialCluster,
            JoinsExisting = section["InitialClusterState"] switch
            {
                null or "new" => false,
                "existing" => true,
                var other => throw new FormatException($"Consensus:InitialClusterState is \"{other}\", not new or existing"),
            },
            ForceNewCluster = section.GetValue("ForceNewCluster", false),
            Token = section["Token"] ?? options.Token,
            PeerUrls = UrlsOf(section["PeerUrls"]) ?? options.PeerUrls,
            AdvertiseClientUrls = UrlsOf(section["AdvertiseClientUrls"]) ?? options.AdvertiseClientUrls,
            HeartbeatInterval = TimeSpan.FromMilliseconds(heartbeat),
            ElectionTimeout = TimeSpan.FromMilliseconds(election),
            SegmentBytes = section.GetValue("SegmentBytes", options.SegmentBytes),
            KeepEntries = section.GetValue("KeepEntries", options.KeepEntries),
            DurableReplicas = section.GetValue("DurableReplicas", options.DurableReplicas),
        };
    }

    private static string[]? UrlsOf(string? commaSeparated) =>
        commaSeparated?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>
    /// Opens the log when the host starts, so that a log that cannot be used ends the process with its reason; leaves leadership before anything
    /// else stops, and then the other members, whose streams would hold the server up.
    /// </summary>
    private sealed class Starter(IServiceProvider services) : IHostedLifecycleService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetRequiredService<ConsensusService>();
            return Task.CompletedTask;
        }

        public async Task StoppingAsync(CancellationToken cancellationToken)
        {
            var consensus = services.GetRequiredService<ConsensusService>();
            await consensus.LeaveLeadershipAsync(cancellationToken).ConfigureAwait(false);
            consensus.LeavePeers();
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
