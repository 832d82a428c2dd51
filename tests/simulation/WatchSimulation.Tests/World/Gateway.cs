namespace WatchSimulation.World;

/// <summary>A gateway: what it has seen of the store's revision.</summary>
internal sealed class Gateway(int number)
{
    public int Number { get; } = number;

    public long SeenRevision { get; private set; } = 1;

    /// <summary>An answer or a message of this revision passed through it.</summary>
    public void Observe(long revision) => SeenRevision = Math.Max(SeenRevision, revision);

    /// <summary>It starts again and knows nothing.</summary>
    public void Restart() => SeenRevision = 1;
}
