using LeaseManager.Core.Deadlines;

namespace LeaseManager.Core;

/// <summary>
/// The deadlines of all leases. It is told <c>now</c> (monotonic, any origin) and never asks; it only says which leases are over, and
/// one is gone when the feed says so. Not thread-safe: one owner at a time.
/// </summary>
/// <remarks>
/// Invariant I7: a lease is handed out for expiry no earlier than its TTL after the latest of: its grant as seen here, its last
/// successful keep-alive, the last one that came in time and waits for its answer. After <see cref="Activate"/>, which knows of none of these, no earlier than
/// what replicated state says is left of it: its whole TTL, or its checkpoint. A keep-alive therefore succeeds only when no checkpoint stands against it.
/// </remarks>
public sealed partial class Lessor
{
    // Dead heap entries (removed leases) are swept when they outnumber the living by this much.
    private const int SweepSlack = 1024;

    private Dictionary<long, Lease> _leases = [];

    // What was known before the feed started over, until it has told everything afresh.
    private Dictionary<long, Lease>? _before;
    private readonly DeadlineHeap _deadlines = new();

    // Handed out, outcome not known. Outlives Reset: an expiry under way must not meet a lease that was renewed meanwhile (I7).
    private readonly HashSet<long> _handedOut = [];

    /// <param name="checkpointInterval">Leases with more than that left are checkpointed so often; null: no lease is.</param>
    public Lessor(TimeSpan? checkpointInterval = null) => _checkpointInterval = checkpointInterval;

    public int Count => _leases.Count;

    /// <summary>Mistakes put in on purpose.</summary>
    internal LeaseDefects Defects { get; init; }

    internal int DeadlineEntries => _deadlines.Count;

    /// <summary>When <see cref="TakeExpired"/> may next have something; null when there is no lease to wait for.</summary>
    public TimeSpan? NextDeadline => _deadlines.Next;

    /// <summary>Earliest deadline of a v2 node, Unix nanoseconds, as the feed told it; null when no node has one.</summary>
    public long? NextV2DeadlineUnixNanos { get; set; }

    /// <summary>The feed starts over: until <see cref="EndReset"/> it tells of everything that there is.</summary>
    public void Reset()
    {
        (_before, _leases) = (_leases, []);
        _deadlines.Rebuild([]);
        _checkpoints.Rebuild([]);
        _toForget.Clear();
        NextV2DeadlineUnixNanos = null;
    }

    /// <summary>What the feed has not told again is gone.</summary>
    public void EndReset() => _before = null;

    /// <summary>
    /// A lease was granted; its time starts now. An id granted again is a new lease; one that was known before <see cref="Reset"/> goes on as it was.
    /// </summary>
    /// <param name="id">The lease.</param>
    /// <param name="ttlSeconds">Its TTL.</param>
    /// <param name="now">The time.</param>
    /// <param name="checkpointSeconds">What replicated state has noted of it; 0: nothing.</param>
    /// <param name="grantedAt">Log index of its grant; 0: not known.</param>
    public void Granted(long id, long ttlSeconds, TimeSpan now, long checkpointSeconds = 0, ulong grantedAt = 0)
    {
        if (grantedAt != 0 && _before is not null && _before.TryGetValue(id, out var known) && known.GrantedAt == grantedAt
            && !Defects.HasFlag(LeaseDefects.ForgetOnReset))
        {
            Keep(known, checkpointSeconds);
            return;
        }
        var lease = new Lease(id, ttlSeconds, grantedAt)
        {
            IsExpiring = !Defects.HasFlag(LeaseDefects.ForgetOnReset) && _handedOut.Contains(id),
            CheckpointSeconds = checkpointSeconds,
            IsCheckpointing = _checkpointing.Contains(id),
        };
        _leases[id] = lease;
        Start(lease, now);
        ScheduleCheckpoint(lease, now);
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
    /// This manager has become the active one: what its predecessor promised is unknown, so every lease gets what replicated state says is left of it, its full TTL
    /// unless it was checkpointed, and <paramref name="grace"/> on top: for so long the predecessor may have gone on promising.
    /// </summary>
    public void Activate(TimeSpan now, TimeSpan grace = default)
    {
        if (Defects.HasFlag(LeaseDefects.SkipGrace))
            grace = default;
        _handedOut.Clear();
        _checkpointing.Clear();
        _toForget.Clear();
        foreach (var lease in _leases.Values)
        {
            lease.IsExpiring = lease.IsRetried = lease.IsCheckpointing = lease.IsToForget = false;
            var seconds = Defects.HasFlag(LeaseDefects.ForgetCheckpointsAtHandover) ? lease.TtlSeconds : lease.StartSeconds;
            if (!Defects.HasFlag(LeaseDefects.KeepDeadlinesAtHandover))
                lease.Deadline = now + grace + TimeSpan.FromSeconds(seconds);
        }
        _deadlines.Rebuild(_leases.Values.Select(static lease => (lease, lease.Deadline)));
        RebuildCheckpoints();
    }

    /// <summary>Gives a lease its full TTL again.</summary>
    /// <param name="id">The lease.</param>
    /// <param name="now">The time.</param>
    /// <param name="ttlSeconds">Its TTL; 0 when there is no such lease or its time is over.</param>
    /// <returns>
    /// False: what a successor would give is less than its TTL, or not known. <see cref="TakeCheckpoints"/> hands out that this be forgotten; afterwards ask again.
    /// </returns>
    public bool TryKeepAlive(long id, TimeSpan now, out long ttlSeconds)
    {
        ttlSeconds = 0;
        if (!_leases.TryGetValue(id, out var lease) || lease.IsExpiring || lease.Deadline <= now)
            return true;
        if (lease.CheckpointSeconds != 0 || lease.IsCheckpointing)
        {
            if (!Defects.HasFlag(LeaseDefects.KeepAliveBesideCheckpoint))
            {
                Forget(lease);
                return false;
            }
        }
        Renew(lease, now);
        ttlSeconds = lease.TtlSeconds;
        return true;
    }

    /// <summary>
    /// A keep-alive of a lease has come that cannot be answered yet. The lease is not over before it would be with the answer: that it takes long is not its holder's
    /// doing. No promise, as a successor does not know of it.
    /// </summary>
    public void Asked(long id, TimeSpan now)
    {
        if (!_leases.TryGetValue(id, out var lease) || lease.IsExpiring || lease.Deadline <= now || Defects.HasFlag(LeaseDefects.ForgetTheAsked))
            return;
        var kept = now + TimeSpan.FromSeconds(lease.TtlSeconds);
        if (lease.Deadline < kept)
            lease.Deadline = kept;
    }

    /// <summary>Remaining seconds, rounded down, and granted seconds; (-1, 0) when there is no such lease.</summary>
    public (long RemainingSeconds, long GrantedSeconds) TimeToLive(long id, TimeSpan now)
    {
        if (!_leases.TryGetValue(id, out var lease))
            return (-1, 0);
        var remaining = lease.Deadline > now ? lease.Deadline - now : TimeSpan.Zero;
        // The grace of a handover is on top of what was granted, and no client needs to see it.
        return (Math.Min(remaining.Ticks / TimeSpan.TicksPerSecond, lease.TtlSeconds), lease.TtlSeconds);
    }

    /// <summary>All ids, the soonest to end first; of those that end together, as those of one batch of the feed do, the one that was granted first.</summary>
    public List<long> List() =>
        [.. _leases.Values.OrderBy(static lease => lease.Deadline).ThenBy(static lease => lease.GrantedAt).ThenBy(static lease => lease.Id).Select(static lease => lease.Id)];

    /// <summary>
    /// Hands out leases whose time is over, at most <paramref name="max"/>. Each is handed out once, until
    /// <see cref="Removed"/>, <see cref="ExpiryDone"/>, <see cref="ExpiryFailed"/> or <see cref="Activate"/>.
    /// </summary>
    public void TakeExpired(TimeSpan now, int max, List<long> into)
    {
        while (max > 0 && _deadlines.TryPop(now, out var lease))
        {
            if (!IsCurrent(lease) || lease.IsHandedOut)
                continue;
            if (lease.Deadline > now && !Defects.HasFlag(LeaseDefects.TrustStaleDeadlines))
            {
                _deadlines.Push(lease, lease.Deadline);
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
            _deadlines.Push(lease, retryAt);
        }
    }

    private bool IsCurrent(Lease lease) => _leases.TryGetValue(lease.Id, out var current) && current == lease;

    private void Keep(Lease lease, long checkpointSeconds)
    {
        _leases[lease.Id] = lease;
        lease.CheckpointSeconds = checkpointSeconds;
        lease.IsToForget = false;
        if (!lease.IsHandedOut)
            _deadlines.Push(lease, lease.Deadline);
        if (_checkpointInterval is { } interval && lease.TtlSeconds > interval.TotalSeconds)
            _checkpoints.Push(lease, CheckpointDue(lease));
    }

    private void Start(Lease lease, TimeSpan now)
    {
        Renew(lease, now);
        if (!lease.IsHandedOut)
            _deadlines.Push(lease, lease.Deadline);
    }

    private static void Renew(Lease lease, TimeSpan now) => lease.Deadline = now + TimeSpan.FromSeconds(lease.TtlSeconds);

    private void Sweep()
    {
        if (_deadlines.Count > 2 * _leases.Count + SweepSlack)
            _deadlines.Rebuild(_leases.Values.Where(static lease => !lease.IsHandedOut).Select(static lease => (lease, lease.Deadline)));
        if (_checkpoints.Count > 2 * _leases.Count + SweepSlack)
            RebuildCheckpoints();
    }
}
