using Storage.Contracts;

namespace Storage.Host.Checks;

/// <summary>The other replicas of the cluster, to compare with. Thread-safe.</summary>
public interface IReplicaPeers
{
    /// <summary>As of now.</summary>
    ValueTask<IReadOnlyList<IStorage>> FindOthersAsync(CancellationToken cancellation);

    /// <summary>This replica is the one that compares: of all those of a cluster about one is, and it counts as right.</summary>
    bool IsReference { get; }
}

/// <summary>Replicas at fixed addresses; whoever is told to compare does.</summary>
/// <param name="others">This replica's own address among them does no harm.</param>
public sealed class FixedReplicaPeers(IReadOnlyList<IStorage> others) : IReplicaPeers
{
    public ValueTask<IReadOnlyList<IStorage>> FindOthersAsync(CancellationToken cancellation) => new(others);

    public bool IsReference => true;
}
