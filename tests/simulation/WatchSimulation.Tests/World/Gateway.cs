using ApiGateway.Core.Watching;

namespace WatchSimulation.World;

/// <summary>A gateway: what it has seen of the store.</summary>
internal sealed class Gateway(int number)
{
    public int Number { get; } = number;

    public SeenRevisions Seen { get; private set; } = new(1, 0);

    /// <summary>A compaction succeeded here.</summary>
    public void ObserveCompacted(long revision) => Seen = Seen with { Compacted = Math.Max(Seen.Compacted, revision) };

    /// <summary>An answer or a message of this revision passed through it.</summary>
    public void Observe(long revision) => Seen = Seen with { Revision = Math.Max(Seen.Revision, revision) };

    /// <summary>It starts again and knows nothing.</summary>
    public void Restart() => Seen = new SeenRevisions(1, 0);
}
