using Consensus.Contracts;
using LeaseManager.Contracts;

namespace ApiGateway.Tests.Fakes;

/// <summary>Leases 1 to 99 exist with a TTL of their number; odd ones answer asynchronously.</summary>
internal sealed class FakeLeases : ILeaseManager
{
    /// <summary>So many keep-alives find no active manager.</summary>
    public int NotActiveTimes { get; set; }

    public async ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        if (leaseId % 2 != 0)
            await Task.Yield();
        if (NotActiveTimes > 0)
        {
            NotActiveTimes--;
            throw new LeaseManagerNotActiveException("it is moving");
        }
        return new KeepAliveResult(leaseId < 100 ? leaseId : 0, 5, new Term(2));
    }

    public ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        new(leaseId < 100 ? new TimeToLiveResult(leaseId - 1, leaseId, 5, new Term(2)) : new TimeToLiveResult(-1, 0, 5, new Term(2)));

    public ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation) =>
        new(new LeaseListResult([3, 1], 5, new Term(2)));
}
