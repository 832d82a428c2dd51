namespace Bench.Measure;

/// <summary>What one measured phase gave. Processor times are microseconds per operation.</summary>
/// <param name="Operations">Operations finished; for watches an operation is an event delivered.</param>
/// <param name="Seconds">Length of the phase.</param>
/// <param name="P50Ms">Median latency in milliseconds; for watches from the put's send to the event's arrival.</param>
/// <param name="P99Ms">99th percentile.</param>
/// <param name="P999Ms">99.9th percentile.</param>
/// <param name="ServerCpuPerOp">User and system time of the server process; null when its process id is not known.</param>
/// <param name="ClientCpuPerOp">The same of this process.</param>
/// <param name="ServerPeakBytes">Largest resident set of the server within the phase; null as above.</param>
/// <param name="OtherCores">Cores kept busy by anything but server and client: what disturbed the measurement; null as above.</param>
/// <param name="Errors">Answers that were not the expected ones, over the whole run.</param>
/// <param name="ErrorText">What they were.</param>
internal sealed record LoadResult(
    long Operations,
    double Seconds,
    double P50Ms,
    double P99Ms,
    double P999Ms,
    double? ServerCpuPerOp,
    double ClientCpuPerOp,
    long? ServerPeakBytes,
    double? OtherCores,
    int Errors,
    string ErrorText)
{
    public double PerSecond => Operations / Seconds;
}
