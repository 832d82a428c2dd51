namespace Bench.Workloads.Watching;

/// <summary>A key that is written, and how many watchers every write of it must reach.</summary>
internal sealed class WatchedKey(int number, int watchers)
{
    public int Number { get; } = number;

    public int Watchers { get; } = watchers;

    /// <summary>Number of the last put sent, from 1. One writer with one put in flight, so revisions follow this order.</summary>
    public long LastPut { get; set; }
}
