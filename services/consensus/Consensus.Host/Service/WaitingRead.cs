using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>A caller that waits for a read index.</summary>
/// <param name="deadline">Timestamp of the monotonic clock after which it is told that no leader confirmed itself.</param>
internal sealed class WaitingRead(long deadline) : TaskCompletionSource<ReadIndex>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public long Deadline { get; } = deadline;
}
