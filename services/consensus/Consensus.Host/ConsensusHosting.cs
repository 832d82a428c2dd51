using Consensus.Contracts;
using Consensus.Host.Grpc;
using Consensus.Host.Service;
using Microsoft.AspNetCore.Builder;
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
    /// with the container, after all of them have stopped.
    /// </summary>
    public static IServiceCollection AddConsensus(this IServiceCollection services, ConsensusOptions options)
    {
        services.AddSingleton(provider => ConsensusService.Start(options, provider.GetRequiredService<ILogger<ConsensusService>>()));
        services.AddSingleton<IConsensus>(provider => provider.GetRequiredService<ConsensusService>());
        return services.AddHostedService<Starter>();
    }

    /// <summary>Serves the registered <see cref="IConsensus"/> to other processes. Needs gRPC services.</summary>
    public static void MapConsensus(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGrpcService<ConsensusGrpcService>();

    /// <summary>Reads the section "Consensus"; what is absent has its default.</summary>
    /// <exception cref="FormatException">DataDir is missing.</exception>
    public static ConsensusOptions ReadConsensusOptions(this IConfiguration configuration)
    {
        var section = configuration.GetSection("Consensus");
        var options = new ConsensusOptions
        {
            DataDirectory = section["DataDir"] ?? throw new FormatException("Consensus:DataDir is not set"),
        };
        return options with
        {
            Name = section["Name"] ?? options.Name,
            InitialCluster = section["InitialCluster"] ?? options.InitialCluster,
            Token = section["Token"] ?? options.Token,
            PeerUrls = UrlsOf(section["PeerUrls"]) ?? options.PeerUrls,
            AdvertiseClientUrls = UrlsOf(section["AdvertiseClientUrls"]) ?? options.AdvertiseClientUrls,
        };
    }

    private static string[]? UrlsOf(string? commaSeparated) =>
        commaSeparated?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Opens the log when the host starts, so that a log that cannot be used ends the process with its reason.</summary>
    private sealed class Starter(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.GetRequiredService<ConsensusService>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
