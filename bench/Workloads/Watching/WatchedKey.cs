namespace Bench.Workloads.Watching;

/// <summary>A key that is written, or a prefix whose keys are written in turn, and how many watchers every write of it must reach.</summary>
internal sealed class WatchedKey(int number, int watchers, int keysBelow = 1)
{
    public int Number { get; } = number;

    public int Watchers { get; } = watchers;

    /// <summary>Watchers watch the whole family of keys.</summary>
    public bool IsPrefix => keysBelow > 1;

    /// <summary>Number of the last put sent, from 1. One writer with one put in flight, so revisions follow this order.</summary>
    public long LastPut { get; set; }

    /// <summary>Number of the key that a put writes.</summary>
    public int NumberOf(long put) => Number + (int)(put % keysBelow);
}
