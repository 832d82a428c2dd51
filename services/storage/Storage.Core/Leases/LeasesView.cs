using System.Buffers.Binary;
using Storage.Contracts;
using Storage.Core.History;
using Storage.Core.Ordered;

namespace Storage.Core.Leases;

/// <summary>The leases at one moment, for any thread.</summary>
/// <param name="Leases">By id, 8 bytes big-endian.</param>
/// <param name="Attached">Lease id and key, to the key.</param>
/// <param name="Changes">Recent grants, checkpoints and removals, numbered.</param>
/// <param name="Claim">The lease manager's claim.</param>
public sealed record LeasesView(
    CowMapView<Lease> Leases, CowMapView<byte[]> Attached, NumberedLogView<LeaseChange> Changes, ClaimState Claim)
{
    /// <summary>Every lease as if it had just been granted, with its checkpoint.</summary>
    public List<LeaseChange> All()
    {
        var all = new List<LeaseChange>(Leases.Count);
        var cursor = Leases.Seek(default);
        while (cursor.MoveNext())
            all.Add(cursor.Value.AsChange());
        return all;
    }

    /// <summary>Keys attached to a lease, in key order; null when there is no such lease.</summary>
    public List<byte[]>? KeysOf(long id)
    {
        Span<byte> key = stackalloc byte[Lease.KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, id);
        return Leases.Find(key) is null ? null : Keys(Attached, id);
    }

    internal static List<byte[]> Keys(CowMapView<byte[]> attached, long id)
    {
        Span<byte> prefix = stackalloc byte[Lease.KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(prefix, id);
        var keys = new List<byte[]>();
        var cursor = attached.Seek(prefix);
        while (cursor.MoveNext() && cursor.Key.AsSpan().StartsWith(prefix))
            keys.Add(cursor.Value);
        return keys;
    }
}
