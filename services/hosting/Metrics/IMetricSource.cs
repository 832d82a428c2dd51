namespace Hosting.Metrics;

/// <summary>Something that has metrics. Registered in the services of a process, asked once.</summary>
public interface IMetricSource
{
    /// <summary>Names its instruments.</summary>
    void Describe(MetricRegistry registry);
}
