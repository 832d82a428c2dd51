namespace Liveness;

/// <summary>Counts what comes over the connections to one address. Thread-safe.</summary>
internal sealed class ReceivedBytes
{
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Add(int bytes) => Interlocked.Add(ref _count, bytes);
}
