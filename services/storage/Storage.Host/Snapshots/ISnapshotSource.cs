using Consensus.Contracts;
using Storage.Contracts;

namespace Storage.Host.Snapshots;

/// <summary>Where a replica that is behind the log gets a state from.</summary>
public interface ISnapshotSource
{
    /// <summary>
    /// One snapshot whose applied index is at least <paramref name="atLeast"/>, start to end. Throws whatever goes wrong: the replica drops
    /// what it has and asks again after a while, and the next call should begin with somebody else.
    /// </summary>
    IAsyncEnumerable<SnapshotChunk> FetchAsync(LogIndex atLeast, CancellationToken cancellation);
}
