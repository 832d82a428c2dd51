using Consensus.Contracts;
using LeaseManager.Contracts;
using LeaseManager.Core;
using LeaseManager.Core.Claims;
using Storage.Contracts;

namespace LeaseManager.Host.Leases;

/// <summary>
/// The <see cref="LeaseAuthority"/> with a lock around it, and those who wait for something to change in it. Every method holds the lock
/// for a moment only; a keep-alive is one of them and changes no thread.
/// </summary>
internal sealed class LeaseBook(TimeProvider time, TimeSpan? checkpointInterval, Alarms alarms)
{
    private readonly Lock _gate = new();
    private readonly LeaseAuthority _authority = new(checkpointInterval);
    private readonly List<(LogIndex Index, TaskCompletionSource Reached)> _waiting = [];
    private TaskCompletionSource _claimSettled = NewSource();
    private TaskCompletionSource _fenced = NewSource();
    private TaskCompletionSource _checkpointed = NewSource();

    // Until the first word about a claim callers wait: a manager that starts is about to claim, or to learn that another has.
    private bool _isNew = true;

    /// <summary><see cref="LeaseAuthority.IsActive"/>.</summary>
    public bool HoldsClaim
    {
        get
        {
            lock (_gate)
                return _authority.IsActive;
        }
    }

    /// <summary><see cref="LeaseAuthority.StandsBy"/>.</summary>
    public bool StandsBy
    {
        get
        {
            lock (_gate)
                return _authority.StandsBy(time.Monotonic());
        }
    }

    /// <summary><see cref="LeaseAuthority.Claim"/>.</summary>
    public ulong Claim
    {
        get
        {
            lock (_gate)
                return _authority.Claim;
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

    /// <summary>What to propose about the claim, where nobody elects.</summary>
    public ClaimStep NextClaimStep()
    {
        lock (_gate)
        {
            var step = _authority.NextClaimStep(time.Monotonic());
            if (step.Kind == ClaimStepKind.Claim)
                Renew();
            else if (step.Kind == ClaimStepKind.Announce)
                // Another manager holds the claim: who asked may go to it.
                SettleUnless(isOpen: false);
            return step;
        }
    }

    /// <summary>A claim is under way: callers wait for it.</summary>
    public void BeginClaim()
    {
        lock (_gate)
        {
            _authority.BeginClaim();
            Renew();
        }
    }

    /// <summary>The claim was granted; active once the feed has reached it.</summary>
    public void Claimed(ulong epoch) => Change(() => _authority.Claimed(epoch, time.Monotonic()));

    /// <summary>The claim was refused: another manager holds it.</summary>
    public void ClaimRefused() => Change(_authority.ClaimRefused);

    /// <summary>The state machine refused our epoch: stop at once, even if the feed has not told yet.</summary>
    public void Refused(ulong epoch) => Change(() => _authority.Refused(epoch));

    /// <summary>This manager should be active no more: it stops at once, whoever comes next. The claim itself ends with the next one.</summary>
    public void Release() => Change(() =>
    {
        _isNew = false;
        _authority.Release();
    });

    /// <summary>As <see cref="LeaseAuthority.Proven"/>.</summary>
    public void Proven(TimeSpan askedAt)
    {
        lock (_gate)
            _authority.Proven(askedAt, time.Monotonic());
    }

    public void Apply(LeaseBatch batch) => Change(() =>
    {
        _authority.Apply(batch, time.Monotonic());
        CompleteWaiting();
    });

    /// <summary>As <see cref="LeaseAuthority.KeepAlive"/>.</summary>
    /// <param name="id">The lease.</param>
    /// <param name="minApplied">As in the contract.</param>
    /// <param name="result">The answer.</param>
    /// <param name="isProofAging">The next proof should be under way.</param>
    /// <param name="settled">When a checkpoint is in the way: completes when to ask again.</param>
    public KeepAliveOutcome TryKeepAlive(long id, LogIndex minApplied, out KeepAliveResult result, out bool isProofAging, out Task settled)
    {
        KeepAliveOutcome outcome;
        lock (_gate)
        {
            outcome = _authority.KeepAlive(id, minApplied, time.Monotonic(), out result, out isProofAging);
            settled = _checkpointed.Task;
        }
        if (outcome == KeepAliveOutcome.Checkpointed)
            alarms.Checkpoints.Ring();
        return outcome;
    }

    public bool TryTimeToLive(long id, LogIndex minApplied, out TimeToLiveResult result)
    {
        lock (_gate)
            return _authority.TryTimeToLive(id, minApplied, time.Monotonic(), out result);
    }

    public bool TryList(LogIndex minApplied, out LeaseListResult result)
    {
        lock (_gate)
            return _authority.TryList(minApplied, out result);
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
                if (_authority.IsReady(minApplied))
                    return;
                if (_authority.Claim == 0 && !_authority.IsClaiming && !_isNew)
                    throw new LeaseManagerNotActiveException("this lease manager does not hold the claim");
                wait = _authority.IsActive ? WaitApplied(_authority.Needed(minApplied)) : _claimSettled.Task;
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
            return _authority.TakeExpired(time.Monotonic(), max, ids, out epoch, out known);
    }

    public void ExpiryDone(List<long> ids)
    {
        lock (_gate)
            _authority.ExpiryDone(ids, time.Monotonic());
    }

    public void ExpiryFailed(List<long> ids, TimeSpan retryAfter)
    {
        lock (_gate)
            _authority.ExpiryFailed(ids, time.Monotonic() + retryAfter);
    }

    /// <summary>Takes checkpoints to propose; epoch and index as above.</summary>
    public bool TakeCheckpoints(int max, List<(long Id, long RemainingSeconds)> into, out ulong epoch, out LogIndex known)
    {
        lock (_gate)
            return _authority.TakeCheckpoints(time.Monotonic(), max, into, out epoch, out known);
    }

    /// <summary>As <see cref="Lessor.CheckpointDone"/>: keep-alives that met one of them look again.</summary>
    public void CheckpointDone(IEnumerable<long> ids)
    {
        lock (_gate)
        {
            _authority.CheckpointDone(ids);
            _checkpointed.TrySetResult();
            _checkpointed = NewSource();
        }
    }

    /// <summary>Time until a lease may be over; null when there is none or the manager is not active.</summary>
    public TimeSpan? UntilNextLease() => Until(static authority => authority.NextDeadline);

    /// <summary>Time until a checkpoint may be due; null as above.</summary>
    public TimeSpan? UntilNextCheckpoint() => Until(static authority => authority.NextCheckpoint);

    /// <summary>Time until something may have to be proposed about the claim; null: not before something else happens.</summary>
    public TimeSpan? UntilNextClaimStep() => Until(static authority => authority.NextClaimStepAt);

    /// <summary>Time until a v2 node may be over; null as above.</summary>
    public TimeSpan? UntilNextV2()
    {
        lock (_gate)
            return _authority.NextV2DeadlineUnixNanos is { } deadline ? Clock.FromNanos(deadline - time.UnixNanos()) : null;
    }

    private TimeSpan? Until(Func<LeaseAuthority, TimeSpan?> next)
    {
        lock (_gate)
            return next(_authority) is not { } at ? null : at == TimeSpan.MinValue ? TimeSpan.Zero : at - time.Monotonic();
    }

    /// <summary>Something that may change who is active, and when to look at what.</summary>
    private void Change(Action change)
    {
        bool expiry, checkpoints, claims;
        lock (_gate)
        {
            var (deadline, v2, checkpoint, step) = Times();
            var claim = _authority.Claim;
            change();
            if (claim != 0 && _authority.Claim == 0)
                _fenced.TrySetResult();
            SettleUnless(_authority.IsClaiming || (_authority.Claim != 0 && !_authority.IsActive) || (_isNew && _authority.Claim == 0));
            var now = Times();
            (expiry, checkpoints, claims) = (deadline != now.Deadline || v2 != now.V2, checkpoint != now.Checkpoint, step != now.Step);
        }
        if (expiry)
            alarms.Expiry.Ring();
        if (checkpoints)
            alarms.Checkpoints.Ring();
        if (claims)
            alarms.Claims.Ring();
    }

    private (TimeSpan? Deadline, long? V2, TimeSpan? Checkpoint, TimeSpan? Step) Times() =>
        (_authority.NextDeadline, _authority.NextV2DeadlineUnixNanos, _authority.NextCheckpoint, _authority.NextClaimStepAt);

    private void Renew()
    {
        _isNew = false;
        if (_fenced.Task.IsCompleted)
            _fenced = NewSource();
    }

    // Callers that wait look again: the manager is active now, or it is not going to be.
    private void SettleUnless(bool isOpen)
    {
        if (isOpen)
            return;
        _isNew = false;
        if (_claimSettled.TrySetResult())
            _claimSettled = NewSource();
    }

    private Task WaitApplied(LogIndex index)
    {
        if (_authority.Applied >= index)
            return Task.CompletedTask;
        var reached = NewSource();
        _waiting.Add((index, reached));
        return reached.Task;
    }

    private void CompleteWaiting()
    {
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].Index > _authority.Applied)
                continue;
            _waiting[i].Reached.TrySetResult();
            _waiting.RemoveAt(i);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
