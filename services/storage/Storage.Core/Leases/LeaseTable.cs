using System.Buffers.Binary;
using Storage.Contracts;
using Storage.Core.History;
using Storage.Core.Ordered;
using Storage.Core.Tree;

namespace Storage.Core.Leases;

/// <summary>
/// Leases, the keys attached to each, the lease manager's claim, and the recent changes from which the lease feed is made. Single owner.
/// </summary>
/// <remarks>
/// Attachments are one ordered map whose keys are lease id (8 bytes) and key: a lease's keys are a range of it, in key order.
/// Only the leases themselves are stored; attachments follow from the newest revision of each key.
/// </remarks>
public sealed class LeaseTable(ITree tree)
{
    // A lease manager that falls further behind than this is told everything afresh.
    private const int ChangesKept = 65_536;

    private readonly CowMap<Lease> _leases = new();
    private readonly CowMap<byte[]> _attached = new();
    private readonly NumberedLog<LeaseChange> _changes = new(1);

    /// <summary>The lease manager's claim.</summary>
    public ClaimState Claim { get; set; }

    /// <summary>How many there are.</summary>
    public int Count => _leases.Count;

    public bool Contains(long id) => Find(id) is not null;

    public Lease? Find(long id)
    {
        Span<byte> key = stackalloc byte[Lease.KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, id);
        return _leases.Find(key);
    }

    /// <summary>Adds a lease.</summary>
    public void Grant(long id, long ttlSeconds, ulong grantedIndex)
    {
        var key = Lease.WriteKey(id);
        tree.Put(TableId.Leases, key, Lease.WriteRecord(ttlSeconds, grantedIndex));
        var lease = new Lease(id, ttlSeconds, grantedIndex);
        _leases.Set(key, lease);
        Note(lease.AsChange());
    }

    /// <summary>Forgets the lease; its keys must be gone already.</summary>
    public void Remove(long id)
    {
        var lease = Find(id);
        Invariant.Holds(lease is not null && KeysOf(id).Count == 0);
        var key = Lease.WriteKey(id);
        tree.Delete(TableId.Leases, key);
        _leases.Remove(key);
        Note(new LeaseChange(id, lease.TtlSeconds, Removed: true));
    }

    /// <summary>Notes how much is left of a lease; 0: its whole TTL again.</summary>
    public void Checkpoint(Lease lease, long remainingSeconds)
    {
        if (lease.RemainingSeconds == remainingSeconds)
            return;
        var key = Lease.WriteKey(lease.Id);
        tree.Put(TableId.Leases, key, Lease.WriteRecord(lease.TtlSeconds, lease.GrantedIndex, remainingSeconds));
        var noted = lease with { RemainingSeconds = remainingSeconds };
        _leases.Set(key, noted);
        Note(noted.AsChange() with { IsCheckpoint = true });
    }

    public void Attach(long id, byte[] key) => _attached.Set(AttachmentKey(id, key), key);

    public void Detach(long id, byte[] key) => _attached.Remove(AttachmentKey(id, key));

    /// <summary>Lease id and key, to the key: as the owner has it now.</summary>
    internal CowMapView<byte[]> Attached => _attached.Peek();

    /// <summary>Keys attached to a lease, in key order.</summary>
    public List<byte[]> KeysOf(long id) => LeasesView.Keys(_attached.Peek(), id);

    /// <summary>Takes over a stored lease at start.</summary>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> record) => _leases.Set(key.ToArray(), Lease.Read(key, record));

    /// <summary>What readers see from here on.</summary>
    public LeasesView Freeze() => new(_leases.Freeze(), _attached.Freeze(), _changes.View(), Claim);

    private void Note(LeaseChange change)
    {
        _changes.Append(change, 1);
        _changes.Trim(_changes.Next, ChangesKept, long.MaxValue);
    }

    private static byte[] AttachmentKey(long id, ReadOnlySpan<byte> key)
    {
        var result = new byte[Lease.KeyBytes + key.Length];
        BinaryPrimitives.WriteInt64BigEndian(result, id);
        key.CopyTo(result.AsSpan(Lease.KeyBytes));
        return result;
    }
}
