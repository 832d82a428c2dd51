using Consensus.Contracts;
using Hosting.Durations;
using Hosting.Metrics;
using Hosting;
using LeaseManager.Contracts;
using LeaseManager.Host.Compaction;
using LeaseManager.Host.Grpc;
using LeaseManager.Host.Leadership;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Storage.Contracts;

namespace LeaseManager.Host;

/// <summary>Composition of the lease manager.</summary>
public static class LeaseManagerExtensions
{
    private static readonly TimeSpan s_shortestCheckpointInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Adds the manager as <see cref="ILeaseManager"/> and as a hosted service. Needs an <see cref="Storage.Contracts.IStorage"/> and an
    /// <see cref="Consensus.Contracts.IConsensus"/>; claims while the registered <see cref="ILeadership"/> says so; without one it
    /// stands by while another manager holds the claim. Configuration: <c>LeaseManager:Name</c>, <c>LeaseManager:Checkpoints</c> (true),
    /// <c>LeaseManager:CheckpointInterval</c> (a duration as in etcd's flags, a second at least; five minutes), <c>LeaseManager:AutoCompactionMode</c> (periodic, revision), <c>LeaseManager:AutoCompactionRetention</c> (as etcd's flags; "0": off).
    /// </summary>
    public static IServiceCollection AddLeaseManager(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new LeaseManagerOptions
        {
            Name = configuration["LeaseManager:Name"] ?? Environment.MachineName,
            CheckpointInterval = configuration.GetValue("LeaseManager:Checkpoints", true) ? CheckpointInterval(configuration) : null,
            Compaction = CompactionSetting.Read(
                configuration["LeaseManager:AutoCompactionMode"] ?? CompactionSetting.Periodic, configuration["LeaseManager:AutoCompactionRetention"] ?? "0"),
        });
        services.AddSingleton(static provider => new LeaseManagerService(
            provider.GetRequiredService<IStorage>(), provider.GetRequiredService<IConsensus>(), provider.GetService<ILeadership>(),
            provider.GetRequiredService<LeaseManagerOptions>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LeaseManagerService>>()));
        services.AddMetricSource(static provider => new LeaseMetricSource(provider.GetRequiredService<LeaseManagerService>()));
        services.AddSingleton<ILeaseManager>(static provider => provider.GetRequiredService<LeaseManagerService>());
        services.AddHostedService(static provider => provider.GetRequiredService<LeaseManagerService>());
        return services;
    }

    /// <exception cref="ConfigurationException">It is no duration, or too short: checkpoints are whole seconds.</exception>
    private static TimeSpan? CheckpointInterval(IConfiguration configuration)
    {
        if (configuration["LeaseManager:CheckpointInterval"] is not { Length: > 0 } text)
            return new LeaseManagerOptions().CheckpointInterval;
        if (!GoDuration.TryParse(text, out TimeSpan interval, out var complaint))
            throw new ConfigurationException($"LeaseManager:CheckpointInterval: {complaint}");
        return interval >= s_shortestCheckpointInterval
            ? interval : throw new ConfigurationException($"LeaseManager:CheckpointInterval: \"{text}\" is less than a second");
    }

    /// <summary>Maps the gRPC binding of this process's own manager, whatever <see cref="ILeaseManager"/> is routed to.</summary>
    public static IEndpointRouteBuilder MapLeaseManager(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<LeaseManagerGrpcService>();
        return endpoints;
    }
}
