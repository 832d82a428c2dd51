using System.Diagnostics;

namespace Hosting.Metrics;

/// <summary>What Prometheus' client libraries tell of the process itself, by its numbers in /proc.</summary>
internal sealed class ProcessMetrics : IMetricSource
{
    private readonly double _startSeconds;

    public ProcessMetrics()
    {
        using var self = Process.GetCurrentProcess();
        _startSeconds = (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }

    public void Describe(MetricRegistry registry)
    {
        registry.Add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", MetricKind.Counter, static () => Environment.CpuUsage.TotalTime.TotalSeconds);
        registry.Add("process_resident_memory_bytes", "Resident memory size in bytes.", MetricKind.Gauge, static () => Environment.WorkingSet);
        registry.Add("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", MetricKind.Gauge, () => _startSeconds);
        registry.Add("process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricKind.Gauge, VirtualBytes);
        registry.Add("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", MetricKind.Gauge, static () => ProcessFiles.Limit("Max address space"));
        registry.Add("process_open_fds", "Number of open file descriptors.", MetricKind.Gauge, ProcessFiles.Open);
        registry.Add("process_max_fds", "Maximum number of open file descriptors.", MetricKind.Gauge, ProcessFiles.Limit);
        registry.Add("os_fd_used", "The number of used file descriptors.", MetricKind.Gauge, ProcessFiles.Open);
        registry.Add("os_fd_limit", "The file descriptor limit.", MetricKind.Gauge, ProcessFiles.Limit);
    }

    private static double VirtualBytes()
    {
        using var self = Process.GetCurrentProcess();
        return self.VirtualMemorySize64;
    }
}
