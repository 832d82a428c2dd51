namespace Bench.Measure;

/// <summary>What one measured phase gave. Processor times are microseconds per operation.</summary>
/// <param name="Operations">Operations finished; for watches an operation is an event delivered.</param>
/// <param name="Seconds">Length of the phase.</param>
/// <param name="P50Ms">Median latency in milliseconds; for watches from the put's send to the event's arrival.</param>
/// <param name="P99Ms">99th percentile.</param>
/// <param name="P999Ms">99.9th percentile.</param>
/// <param name="ServerCpuPerOp">User and system time of each server process, in the order of the target's process ids; empty when they are not known.</param>
/// <param name="ClientCpuPerOp">The same of this process.</param>
/// <param name="ServerPeakBytes">Largest resident set of each within the phase.</param>
/// <param name="OtherCores">Cores kept busy by anything but servers and client: what disturbed the measurement; null when the processes are not known.</param>
/// <param name="Errors">Answers that were not the expected ones, over the whole run.</param>
/// <param name="ErrorText">What they were.</param>
internal sealed record LoadResult(
    long Operations,
    double Seconds,
    double P50Ms,
    double P99Ms,
    double P999Ms,
    IReadOnlyList<double> ServerCpuPerOp,
    double ClientCpuPerOp,
    IReadOnlyList<long> ServerPeakBytes,
    double? OtherCores,
    int Errors,
    string ErrorText)
{
    public double PerSecond => Operations / Seconds;

    /// <summary>All servers together.</summary>
    public double TotalServerCpuPerOp => ServerCpuPerOp.Sum();

    /// <summary>Of the largest server; 0 when none is known.</summary>
    public long LargestServerPeakBytes => ServerPeakBytes.DefaultIfEmpty().Max();
}
