using Consensus.Contracts;

namespace LeaseManager.Contracts;

/// <summary>When a lease ends. What a lease is (id, TTL, keys) is storage's; this service owns the deadlines.</summary>
public interface ILeaseManager
{
    /// <summary>
    /// Gives the lease its full TTL again. <paramref name="minApplied"/> is the newest log index the caller has seen: a lease granted up to
    /// there is known here, whichever gateway asks.
    /// </summary>
    /// <returns>TTL in seconds; 0 when there is no such lease.</returns>
    ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation);

    /// <summary>Remaining and granted TTL in seconds, rounded down; remaining -1 when there is no such lease.</summary>
    ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation);

    /// <summary>All leases, the soonest to end first.</summary>
    ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation);
}

/// <summary>Answer to a keep-alive; revision and term are for the response header.</summary>
public readonly record struct KeepAliveResult(long TtlSeconds, long Revision, Term Term);

/// <summary>Answer to a time-to-live query.</summary>
public readonly record struct TimeToLiveResult(long RemainingSeconds, long GrantedSeconds, long Revision, Term Term);

/// <summary>All lease ids.</summary>
public sealed record LeaseListResult(IReadOnlyList<long> Ids, long Revision, Term Term);
