using System.Diagnostics;

namespace Hosting.Metrics;

/// <summary>How many of the values seen lie in each bucket, and their sum. Thread-safe; no lock and no allocation.</summary>
public sealed class Histogram
{
    // The buckets by their upper bounds, and one for what lies above the last.
    private readonly long[] _counts;
    private double _sum;

    // The newest of each bucket; null while nothing that was sampled has been observed.
    private Exemplar?[]? _exemplars;

    /// <param name="bounds">Upper bounds, inclusive, growing; the one of infinity is implied.</param>
    public Histogram(IReadOnlyList<double> bounds)
    {
        Bounds = [.. bounds];
        _counts = new long[Bounds.Count + 1];
    }

    public IReadOnlyList<double> Bounds { get; }

    /// <summary>Also hears each value; null is nobody.</summary>
    internal Action<double>? Listener { get; set; }

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < Bounds.Count && value > Bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _counts[bucket]);
        double before, seen = Volatile.Read(ref _sum);
        do
        {
            before = seen;
            seen = Interlocked.CompareExchange(ref _sum, before + value, before);
        }
        while (BitConverter.DoubleToInt64Bits(seen) != BitConverter.DoubleToInt64Bits(before));
        Listener?.Invoke(value);
        if (Exemplars.AreWanted && Exemplars.Trace is var trace && (trace.TraceFlags & ActivityTraceFlags.Recorded) != 0)
            Keep(bucket, new Exemplar(value, trace, DateTimeOffset.UtcNow));
    }

    /// <summary>Observes the seconds since a timestamp of <see cref="Stopwatch"/>.</summary>
    public void ObserveSince(long startTimestamp) => Observe(Stopwatch.GetElapsedTime(startTimestamp).TotalSeconds);

    /// <summary>The values so far: how many lie at or below each bound, the last being all, and their sum.</summary>
    public HistogramState Read()
    {
        var cumulative = new long[_counts.Length];
        var total = 0L;
        for (var i = 0; i < _counts.Length; i++)
            cumulative[i] = total += Interlocked.Read(ref _counts[i]);
        return new(Bounds, cumulative, Volatile.Read(ref _sum)) { Exemplars = Volatile.Read(ref _exemplars) };
    }

    private void Keep(int bucket, Exemplar exemplar)
    {
        var exemplars = Volatile.Read(ref _exemplars);
        if (exemplars is null)
        {
            var made = new Exemplar?[_counts.Length];
            exemplars = Interlocked.CompareExchange(ref _exemplars, made, null) ?? made;
        }
        Volatile.Write(ref exemplars[bucket], exemplar);
    }
}

/// <summary>A histogram at one moment.</summary>
/// <param name="Bounds">Upper bounds, growing, without infinity.</param>
/// <param name="Cumulative">For each bound how many values lie at or below it, then how many there are.</param>
/// <param name="Sum">Of all values.</param>
public sealed record HistogramState(IReadOnlyList<double> Bounds, IReadOnlyList<long> Cumulative, double Sum)
{
    /// <summary>A sampled one of each bucket's values, where there was one; null: there was none at all.</summary>
    public IReadOnlyList<Exemplar?>? Exemplars { get; init; }
}
