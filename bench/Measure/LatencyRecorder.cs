using System.Diagnostics;
using HdrHistogram;

namespace Bench.Measure;

/// <summary>Counts operations and their latencies while the measured phase lasts. Owned by the loop's thread.</summary>
internal sealed class LatencyRecorder
{
    private const long LongestNs = 60_000_000_000;
    private const double NsPerMs = 1_000_000;
    private static readonly double NsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly LongHistogram _histogram = new(LongestNs, 3);
    private bool _isMeasuring;

    /// <summary>Operations finished within the measured phase.</summary>
    public long Operations { get; private set; }

    public void Begin()
    {
        _histogram.Reset();
        Operations = 0;
        _isMeasuring = true;
    }

    public void End() => _isMeasuring = false;

    /// <summary>An operation that started at <paramref name="startTicks"/> (<see cref="Stopwatch.GetTimestamp"/>) is done now.</summary>
    public void Record(long startTicks)
    {
        if (!_isMeasuring)
            return;
        Operations++;
        var ns = (long)((Stopwatch.GetTimestamp() - startTicks) * NsPerTick);
        _histogram.RecordValue(Math.Clamp(ns, 1, LongestNs));
    }

    /// <summary>The latency that <paramref name="percent"/> of the operations did not exceed, in milliseconds.</summary>
    public double PercentileMs(double percent) => Operations == 0 ? 0 : _histogram.GetValueAtPercentile(percent) / NsPerMs;
}
