using System.Diagnostics;
using Bench.Http2;
using Bench.Workloads;
using EtcdApi.Wire;

namespace Bench.Leases;

/// <summary>Grants leases with ids of the load's own, one after the other, each with the TTL that the caller says at that moment.</summary>
internal sealed class GrantRequests(long firstId, Func<long> ttlSeconds) : IRequestSource
{
    private const int Ttl = 1, Id = 2, AnsweredId = 2;
    private long _next = firstId;

    public int MaxRequestBytes => 32;

    /// <summary>All end within a second of each other, at this moment.</summary>
    public static GrantRequests EndingAt(long firstId, long began, TimeSpan target) =>
        new(firstId, () => (long)Math.Ceiling((target - Stopwatch.GetElapsedTime(began)).TotalSeconds));

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        method = GrpcMethod.LeaseGrant;
        var writer = new ProtoWriter(target);
        writer.Int64(Ttl, ttlSeconds());
        writer.Int64(Id, _next++);
        return writer.Written;
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) => Responses.Number(response, AnsweredId) is not 0 and var id && id < _next;
}
