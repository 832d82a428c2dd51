namespace Hosting.Metrics;

/// <summary>A number that goes up and down. Thread-safe; no lock and no allocation.</summary>
public sealed class Gauge
{
    private long _value;

    public long Value
    {
        get => Interlocked.Read(ref _value);
        set => Interlocked.Exchange(ref _value, value);
    }

    public void Add(long count) => Interlocked.Add(ref _value, count);
}
