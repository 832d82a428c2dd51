using LeaseManager.Core.Deadlines;

namespace LeaseManager.Core;

/// <summary>
/// The deadlines of all leases. It is told <c>now</c> (monotonic, any origin) and never asks; it only says which leases are over, and
/// one is gone when the feed says so. Not thread-safe: one owner at a time.
/// </summary>
/// <remarks>
/// Invariant I7: a lease is handed out for expiry no earlier than its TTL after the latest of: its grant as seen here, its last
/// successful keep-alive, the last <see cref="Activate"/>.
/// </remarks>
public sealed class Lessor
{
    // Dead heap entries (removed leases) are swept when they outnumber the living by this much.
    private const int SweepSlack = 1024;

    private readonly Dictionary<long, Lease> _leases = [];
    private readonly DeadlineHeap _deadlines = new();

    // Handed out, outcome not known. Outlives Reset: an expiry under way must not meet a lease that was renewed meanwhile (I7).
    private readonly HashSet<long> _handedOut = [];

    public int Count => _leases.Count;

    internal int DeadlineEntries => _deadlines.Count;

    /// <summary>When <see cref="TakeExpired"/> may next have something; null when there is no lease to wait for.</summary>
    public TimeSpan? NextDeadline => _deadlines.Next;

    /// <summary>Earliest deadline of a v2 node, Unix nanoseconds, as the feed told it; null when no node has one.</summary>
    public long? NextV2DeadlineUnixNanos { get; set; }

    /// <summary>Forgets everything: the feed starts over.</summary>
    public void Reset()
    {
        _leases.Clear();
        _deadlines.Rebuild([]);
        NextV2DeadlineUnixNanos = null;
    }

    /// <summary>
    /// A lease was granted; its time starts now. An id granted again is a new lease; one whose expiry is under way (after
    /// <see cref="Reset"/>) stays so.
    /// </summary>
    public void Granted(long id, long ttlSeconds, TimeSpan now)
    {
        var lease = new Lease(id, ttlSeconds) { IsExpiring = _handedOut.Contains(id) };
        _leases[id] = lease;
        Start(lease, now);
        Sweep();
    }

    /// <summary>A lease is gone.</summary>
    public void Removed(long id)
    {
        _leases.Remove(id);
        _handedOut.Remove(id);
        Sweep();
    }

    /// <summary>
    /// This manager has become the active one: what its predecessor promised is unknown, so every lease gets its full TTL again, and
    /// <paramref name="grace"/> on top: for so long the predecessor may have gone on promising.
    /// </summary>
    public void Activate(TimeSpan now, TimeSpan grace = default)
    {
        _handedOut.Clear();
        foreach (var lease in _leases.Values)
        {
            lease.IsExpiring = lease.IsRetried = false;
            Renew(lease, now + grace);
        }
        _deadlines.Rebuild(_leases.Values);
    }

    /// <summary>Gives a lease its full TTL again; 0 when there is no such lease or its time is over.</summary>
    public long KeepAlive(long id, TimeSpan now)
    {
        if (!_leases.TryGetValue(id, out var lease) || lease.IsExpiring || lease.Deadline <= now)
            return 0;
        Renew(lease, now);
        return lease.TtlSeconds;
    }

    /// <summary>True when the lease exists, in any state.</summary>
    public bool Contains(long id) => _leases.ContainsKey(id);

    /// <summary>Remaining seconds, rounded down, and granted seconds; (-1, 0) when there is no such lease.</summary>
    public (long RemainingSeconds, long GrantedSeconds) TimeToLive(long id, TimeSpan now)
    {
        if (!_leases.TryGetValue(id, out var lease))
            return (-1, 0);
        var remaining = lease.Deadline > now ? lease.Deadline - now : TimeSpan.Zero;
        return (remaining.Ticks / TimeSpan.TicksPerSecond, lease.TtlSeconds);
    }

    /// <summary>All ids, the soonest to end first.</summary>
    public List<long> List() =>
        [.. _leases.Values.OrderBy(static lease => lease.Deadline).ThenBy(static lease => lease.Id).Select(static lease => lease.Id)];

    /// <summary>
    /// Hands out leases whose time is over, at most <paramref name="max"/>. Each is handed out once, until
    /// <see cref="Removed"/>, <see cref="ExpiryDone"/>, <see cref="ExpiryFailed"/> or <see cref="Activate"/>.
    /// </summary>
    public void TakeExpired(TimeSpan now, int max, List<long> into)
    {
        while (max > 0 && _deadlines.TryPop(now, out var lease))
        {
            if (!_leases.TryGetValue(lease.Id, out var current) || current != lease || lease.IsHandedOut)
                continue;
            if (lease.Deadline > now)
            {
                _deadlines.Push(lease);
                continue;
            }
            lease.IsExpiring = true;
            lease.IsRetried = false;
            _handedOut.Add(lease.Id);
            into.Add(lease.Id);
            max--;
        }
    }

    /// <summary>
    /// An expiry took effect, and so has the feed up to it. What is still there was spared: the id had been granted again. It gets its full TTL.
    /// </summary>
    public void ExpiryDone(IEnumerable<long> ids, TimeSpan now)
    {
        foreach (var id in ids)
        {
            if (!_handedOut.Remove(id) || !_leases.TryGetValue(id, out var lease))
                continue;
            lease.IsExpiring = lease.IsRetried = false;
            Start(lease, now);
        }
    }

    /// <summary>
    /// It is not known whether an expiry took effect: its leases stay over and are handed out again, not before <paramref name="retryAt"/>.
    /// </summary>
    public void ExpiryFailed(IEnumerable<long> ids, TimeSpan retryAt)
    {
        foreach (var id in ids)
        {
            if (!_leases.TryGetValue(id, out var lease) || !lease.IsHandedOut)
                continue;
            lease.IsRetried = true;
            lease.Deadline = retryAt;
            _deadlines.Push(lease);
        }
    }

    private void Start(Lease lease, TimeSpan now)
    {
        Renew(lease, now);
        if (!lease.IsHandedOut)
            _deadlines.Push(lease);
    }

    private static void Renew(Lease lease, TimeSpan now) => lease.Deadline = now + TimeSpan.FromSeconds(lease.TtlSeconds);

    private void Sweep()
    {
        if (_deadlines.Count > 2 * _leases.Count + SweepSlack)
            _deadlines.Rebuild(_leases.Values.Where(static lease => !lease.IsHandedOut));
    }
}
