namespace Hosting.Metrics;

/// <summary>A number that only grows. Thread-safe; no lock and no allocation.</summary>
public sealed class Counter
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public void Increment() => Interlocked.Increment(ref _value);

    public void Add(long count) => Interlocked.Add(ref _value, count);
}
