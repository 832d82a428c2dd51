using Consensus.Contracts;
using Storage.Contracts;

namespace Storage.Host;

/// <summary>Whether this replica has replayed the log far enough to be asked.</summary>
internal sealed class CatchUp(IStorage storage, IConsensus consensus)
{
    // A replica under load is always a few batches behind the log; only one that replays after a start is further off.
    private const ulong MaxLag = 10_000;

    /// <summary>Null when the replica is close to the committed end of the log, otherwise how far off it is.</summary>
    public async ValueTask<string?> WhyBehindAsync(CancellationToken cancellation)
    {
        var committed = (await consensus.GetStatusAsync(cancellation)).CommitIndex;
        var applied = (await storage.GetStatusAsync(cancellation)).AppliedIndex;
        return committed.Value > applied.Value + MaxLag ? $"applied index {applied} of {committed}" : null;
    }
}
