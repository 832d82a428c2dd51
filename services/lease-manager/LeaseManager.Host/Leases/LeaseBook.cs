using Consensus.Contracts;
using LeaseManager.Contracts;
using LeaseManager.Core;
using Storage.Contracts;

namespace LeaseManager.Host.Leases;

/// <summary>
/// The lessor with a lock around it, how far the feed is, and whether this manager's claim is the current one. Every method holds the lock
/// for a moment only; a keep-alive is one of them and changes no thread.
/// </summary>
/// <remarks>
/// The manager is active exactly while the feed's epoch is that of its own claim. While the feed is broken it goes on under the last
/// epoch seen: expiries carry the epoch and are refused if it is stale. A keep-alive is a promise, so it needs more: a proof, not older than
/// <see cref="MaxProofAge"/>, that no other manager had become active (I7; docs/decisions, keep-alives need a proven claim).
/// </remarks>
internal sealed class LeaseBook(TimeProvider time, Alarm alarm)
{
    /// <summary>
    /// For so long a proven claim is good for promises, and so much a successor adds to every lease. The same in all managers of a cluster, hence no option.
    /// </summary>
    public static readonly TimeSpan MaxProofAge = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Lessor _lessor = new();
    private readonly List<(LogIndex Index, TaskCompletionSource Reached)> _waiting = [];
    private TaskCompletionSource _claimSettled = NewSource();
    private TaskCompletionSource _fenced = NewSource();
    private bool _claiming = true;

    // 0: no claim of our own. Epochs start at 1.
    private ulong _claim;
    private ulong _activated;
    private ulong _feedEpoch;

    // At this moment no newer claim than ours was committed; null: not known of this claim.
    private TimeSpan? _provenAt;
    private LogIndex _applied;

    // The feed starts over on another replica now and then, and that one may be behind: a lease that is unknown there may still exist.
    private LogIndex _highestApplied;
    private long _revision;
    private Term _term;

    private bool IsActive => _claim != 0 && _feedEpoch == _claim;

    /// <summary><see cref="IsActive"/> for other threads.</summary>
    public bool HoldsClaim
    {
        get
        {
            lock (_gate)
                return IsActive;
        }
    }

    /// <summary>Completes when the current claim has been replaced by another manager's.</summary>
    public Task Fenced
    {
        get
        {
            lock (_gate)
                return _fenced.Task;
        }
    }

    /// <summary>A claim is under way: callers wait for it.</summary>
    public void BeginClaim()
    {
        lock (_gate)
        {
            _claim = 0;
            _claiming = true;
            _provenAt = null;
            if (_fenced.Task.IsCompleted)
                _fenced = NewSource();
        }
    }

    /// <summary>The claim was granted; active once the feed has reached it.</summary>
    public void Claimed(ulong epoch)
    {
        lock (_gate)
        {
            _claim = epoch;
            SettleClaim();
        }
        alarm.Ring();
    }

    /// <summary>The state machine refused our epoch: stop at once, even if the feed has not told yet.</summary>
    public void Refused(ulong epoch)
    {
        lock (_gate)
            if (_claim == epoch)
                Fence();
    }

    /// <summary>This manager should be active no more: it stops at once, whoever comes next. The claim itself ends with the next one.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _claim = 0;
            _claiming = false;
            _provenAt = null;
            Settled();
        }
        alarm.Ring();
    }

    /// <summary>
    /// The feed has reached a read index that was asked for at <paramref name="askedAt"/> (monotonic): if it shows our epoch now, ours was the newest claim then.
    /// </summary>
    public void Proven(TimeSpan askedAt)
    {
        lock (_gate)
            if (IsActive && (_provenAt is null || _provenAt < askedAt))
                _provenAt = askedAt;
    }

    public void Apply(LeaseBatch batch)
    {
        bool ring;
        lock (_gate)
        {
            var wasActive = IsActive;
            var before = _lessor.NextDeadline;
            var beforeV2 = _lessor.NextV2DeadlineUnixNanos;
            var now = time.Monotonic();
            if (batch.Reset)
            {
                _lessor.Reset();
                _feedEpoch = 0;
                _applied = default;
            }
            foreach (var change in batch.Changes)
                if (change.Removed)
                    _lessor.Removed(change.Id);
                else
                    _lessor.Granted(change.Id, change.TtlSeconds, now);
            _lessor.NextV2DeadlineUnixNanos = batch.NextV2ExpiryUnixNanos;
            _feedEpoch = batch.Epoch;
            _applied = batch.AppliedIndex;
            if (_highestApplied < _applied)
                _highestApplied = _applied;
            (_revision, _term) = (batch.Revision, batch.Term);
            SettleClaim();
            CompleteWaiting();
            ring = wasActive != IsActive || _lessor.NextDeadline != before || _lessor.NextV2DeadlineUnixNanos != beforeV2;
        }
        if (ring)
            alarm.Ring();
    }

    /// <summary>False: the answer has to wait for the claim, for its proof or for the feed.</summary>
    /// <param name="id">The lease.</param>
    /// <param name="minApplied">As in the contract.</param>
    /// <param name="result">The answer.</param>
    /// <param name="isProofAging">The next proof should be under way.</param>
    public bool TryKeepAlive(long id, LogIndex minApplied, out KeepAliveResult result, out bool isProofAging)
    {
        lock (_gate)
        {
            result = default;
            isProofAging = false;
            var now = time.Monotonic();
            var proofAge = now - (_provenAt ?? TimeSpan.MinValue / 2);
            if (!IsActive || proofAge > MaxProofAge)
                return false;
            isProofAging = proofAge > MaxProofAge / 2;
            var ttl = _lessor.KeepAlive(id, now);
            if (ttl == 0 && !_lessor.Contains(id) && IsBehind(minApplied))
                return false;
            result = new KeepAliveResult(ttl, _revision, _term);
            return true;
        }
    }

    public bool TryTimeToLive(long id, LogIndex minApplied, out TimeToLiveResult result)
    {
        lock (_gate)
        {
            result = default;
            if (!IsActive || IsBehind(minApplied))
                return false;
            var (remaining, granted) = _lessor.TimeToLive(id, time.Monotonic());
            result = new TimeToLiveResult(remaining, granted, _revision, _term);
            return true;
        }
    }

    public bool TryList(LogIndex minApplied, out LeaseListResult result)
    {
        lock (_gate)
        {
            result = null!;
            if (!IsActive || IsBehind(minApplied))
                return false;
            result = new LeaseListResult(_lessor.List(), _revision, _term);
            return true;
        }
    }

    /// <summary>Waits until the manager is active and the feed has reached an index (and whatever it had reached before it started over).</summary>
    /// <exception cref="LeaseManagerNotActiveException">This manager does not hold the claim, and is not about to.</exception>
    public async ValueTask WaitReadyAsync(LogIndex minApplied, CancellationToken cancellation)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (IsActive && !IsBehind(minApplied))
                    return;
                if (_claim == 0 && !_claiming)
                    throw new LeaseManagerNotActiveException("this lease manager does not hold the claim");
                wait = IsActive ? WaitApplied(minApplied < _highestApplied ? _highestApplied : minApplied) : _claimSettled.Task;
            }
            await wait.WaitAsync(cancellation);
        }
    }

    /// <summary>Waits until the feed has reached an index, active or not.</summary>
    public async ValueTask WaitAppliedAsync(LogIndex index, CancellationToken cancellation)
    {
        Task wait;
        lock (_gate)
            wait = WaitApplied(index);
        await wait.WaitAsync(cancellation);
    }

    /// <summary>Takes leases whose time is over, with the epoch and the log index under which that was decided.</summary>
    public bool TakeExpired(int max, List<long> ids, out ulong epoch, out LogIndex known)
    {
        lock (_gate)
        {
            (epoch, known) = (_claim, _applied);
            if (!IsActive)
                return false;
            _lessor.TakeExpired(time.Monotonic(), max, ids);
            return ids.Count > 0;
        }
    }

    public void ExpiryDone(List<long> ids)
    {
        lock (_gate)
            _lessor.ExpiryDone(ids, time.Monotonic());
    }

    public void ExpiryFailed(List<long> ids, TimeSpan retryAfter)
    {
        lock (_gate)
            _lessor.ExpiryFailed(ids, time.Monotonic() + retryAfter);
    }

    /// <summary>Time until a lease may be over; null when there is none or the manager is not active.</summary>
    public TimeSpan? UntilNextLease()
    {
        lock (_gate)
            return IsActive && _lessor.NextDeadline is { } deadline ? deadline - time.Monotonic() : null;
    }

    /// <summary>Time until a v2 node may be over; null as above.</summary>
    public TimeSpan? UntilNextV2()
    {
        lock (_gate)
            return IsActive && _lessor.NextV2DeadlineUnixNanos is { } deadline ? Clock.FromNanos(deadline - time.UnixNanos()) : null;
    }

    private bool IsBehind(LogIndex minApplied) => _applied < minApplied || _applied < _highestApplied;

    private void SettleClaim()
    {
        if (_claim == 0)
            return;
        if (_feedEpoch > _claim)
        {
            Fence();
        }
        else if (IsActive && _activated != _claim)
        {
            _activated = _claim;
            _lessor.Activate(time.Monotonic(), MaxProofAge);
        }
        if (IsActive)
        {
            _claiming = false;
            Settled();
        }
    }

    private void Fence()
    {
        _claim = 0;
        _claiming = false;
        _provenAt = null;
        Settled();
        _fenced.TrySetResult();
    }

    // Callers that wait look again: the manager is active now, or it is not going to be.
    private void Settled()
    {
        if (_claimSettled.TrySetResult())
            _claimSettled = NewSource();
    }

    private Task WaitApplied(LogIndex index)
    {
        if (_applied >= index)
            return Task.CompletedTask;
        var reached = NewSource();
        _waiting.Add((index, reached));
        return reached.Task;
    }

    private void CompleteWaiting()
    {
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].Index > _applied)
                continue;
            _waiting[i].Reached.TrySetResult();
            _waiting.RemoveAt(i);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
