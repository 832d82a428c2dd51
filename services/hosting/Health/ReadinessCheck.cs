using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hosting.Health;

/// <summary>Readiness of a service: may others send it work now?</summary>
public static class ReadinessCheck
{
    /// <summary>Longest that one check may take before it counts as "not ready".</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds a check to <c>/healthz</c> and to the gRPC health service. <paramref name="whyNotReady"/> asks the service itself (a
    /// registered <typeparamref name="TService"/>) and returns null when it is ready, otherwise the reason.
    /// </summary>
    public static IServiceCollection AddReadiness<TService>(
        this IServiceCollection services, string name, Func<TService, CancellationToken, ValueTask<string?>> whyNotReady)
        where TService : notnull
    {
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new Check<TService>(provider.GetRequiredService<TService>(), whyNotReady), HealthStatus.Unhealthy, tags: null, Timeout));
        return services;
    }

    private sealed class Check<TService>(TService service, Func<TService, CancellationToken, ValueTask<string?>> whyNotReady) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var reason = await whyNotReady(service, cancellationToken);
            return reason is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(reason);
        }
    }
}
