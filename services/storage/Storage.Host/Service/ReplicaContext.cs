using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Core.State;

namespace Storage.Host.Service;

/// <summary>What outlives a data file: who waits, who listens, the published state that everybody reads.</summary>
internal sealed record ReplicaContext(
    IConsensus Consensus, LogContact Contact, PublishedState State, ResultRouter Results, IndexWaiters Applied, SweepWaiters Swept, ViewSignal Signal, ReadGuard Reads,
    DurabilityReports Reports, Wakeup SizeChanged, StorageMetrics Metrics, StorageOptions Options, TimeProvider Time, FatalHandler Fatal, ILogger Logger)
{
    public RecentApplies RecentApplies { get; } = new(Time);
}
