using Hosting.Metrics;

namespace ApiGateway.Host.Rest;

/// <summary>How often this member was asked for its health, and what it said. Thread-safe.</summary>
internal sealed class HealthMetrics : IMetricSource
{
    private readonly Labeled<Gauge> _last = new(static () => new Gauge(), "name", "type");
    private readonly Labeled<Counter> _checks = new(static () => new Counter(), "name", "status", "type");

    public Counter Successes { get; } = new();

    public Counter Failures { get; } = new();

    /// <summary>Notes the outcome of a single check.</summary>
    public void Checked(string type, string name, bool isOk)
    {
        _last.With(name, type).Value = isOk ? 1 : 0;
        _checks.With(name, isOk ? "success" : "error", type).Increment();
    }

    public void Describe(MetricRegistry registry)
    {
        registry.Add("etcd_server_health_success", "The total number of successful health checks.", Successes);
        registry.Add("etcd_server_health_failures", "The total number of failed health checks.", Failures);
        registry.Add("etcd_server_healthcheck", "The result of each kind of healthcheck.", _last);
        registry.Add("etcd_server_healthchecks_total", "The total number of each kind of healthcheck.", _checks);
    }
}
