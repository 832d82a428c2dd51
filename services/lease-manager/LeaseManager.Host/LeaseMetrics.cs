using Hosting.Metrics;

namespace LeaseManager.Host;

/// <summary>What an active manager counts, under etcd's names. Thread-safe.</summary>
internal sealed class LeaseMetrics
{
    public Counter Renewed { get; } = new();

    public Counter Expired { get; } = new();

    public void Describe(MetricRegistry registry)
    {
        registry.Add("etcd_debugging_lease_renewed_total", "The number of renewed leases seen by the leader.", Renewed);
        registry.Add("etcd_debugging_server_lease_expired_total", "The total number of expired leases.", Expired);
    }
}

/// <summary>Tells of a registered manager's metrics.</summary>
internal sealed class LeaseMetricSource(LeaseManagerService manager) : IMetricSource
{
    public void Describe(MetricRegistry registry) => manager.Metrics.Describe(registry);
}
