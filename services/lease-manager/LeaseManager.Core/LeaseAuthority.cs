using Consensus.Contracts;
using LeaseManager.Contracts;
using LeaseManager.Core.Claims;
using Storage.Contracts;

namespace LeaseManager.Core;

/// <summary>
/// What one manager may answer and end at a moment: the lessor, how far the lease feed is, and whether this manager's claim is the current one. It is told
/// <c>now</c> (monotonic, any origin) and never asks. Not thread-safe: one owner at a time.
/// </summary>
/// <remarks>
/// The manager is active exactly while the feed's epoch is that of its own claim. While the feed is broken it goes on under the last
/// epoch seen: expiries and checkpoints carry the epoch and are refused if it is stale. A keep-alive is a promise, so it needs more: a proof, not older than
/// <see cref="ClaimTiming.MaxProofAge"/>, that no other manager had become active (I7; docs/decisions, keep-alives need a proven claim).
/// </remarks>
public sealed class LeaseAuthority
{
    private readonly Lessor _lessor;
    private readonly Candidacy _candidacy;

    // 0: no claim of our own. Epochs start at 1.
    private ulong _claim;
    private ulong _activated;
    private ulong _feedEpoch;

    // At this moment no newer claim than ours was committed; null: not known of this claim.
    private TimeSpan? _provenAt;

    // The feed starts over on another replica now and then, and that one may be behind: a lease that is unknown there may still exist, and one without a
    // checkpoint may have one.
    private LogIndex _highestApplied;
    private long _revision;
    private Term _term;

    /// <param name="checkpointInterval">As of <see cref="Lessor"/>.</param>
    public LeaseAuthority(TimeSpan? checkpointInterval = null) : this(checkpointInterval, LeaseDefects.None)
    {
    }

    internal LeaseAuthority(TimeSpan? checkpointInterval, LeaseDefects defects)
    {
        Defects = defects;
        _lessor = new Lessor(checkpointInterval) { Defects = defects };
        _candidacy = new Candidacy { Defects = defects };
    }

    /// <summary>The claim is this manager's, as far as the feed has told.</summary>
    public bool IsActive => _claim != 0 && _feedEpoch == _claim;

    /// <summary>A claim is under way, or was made and is not in the feed yet: callers wait for it.</summary>
    public bool IsClaiming { get; private set; }

    /// <summary>Epoch of the claim that this manager made and that nobody is known to have replaced; 0: none.</summary>
    public ulong Claim => _claim;

    /// <summary>Log index up to which the feed has told everything.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>When a lease may be over; null when there is none or the manager is not active.</summary>
    public TimeSpan? NextDeadline => IsActive ? _lessor.NextDeadline : null;

    /// <summary>When a checkpoint may be due; null as above.</summary>
    public TimeSpan? NextCheckpoint => IsActive ? _lessor.NextCheckpoint : null;

    /// <summary>When a v2 node may be over, Unix nanoseconds; null as above.</summary>
    public long? NextV2DeadlineUnixNanos => IsActive ? _lessor.NextV2DeadlineUnixNanos : null;

    /// <summary>When <see cref="NextClaimStep"/> may have something; null: not before something else happens.</summary>
    public TimeSpan? NextClaimStepAt => IsClaiming ? null : _candidacy.NextAt(_claim != 0);

    private LeaseDefects Defects { get; }

    /// <summary>A manager that is not active is of use as well: it follows the leases and another one holds the claim.</summary>
    public bool StandsBy(TimeSpan now) => _claim == 0 && !IsClaiming && _candidacy.IsHeldByAnother(now);

    /// <summary>What to propose about the claim, where nobody elects. A <see cref="ClaimStepKind.Claim"/> is begun with this.</summary>
    public ClaimStep NextClaimStep(TimeSpan now)
    {
        if (IsClaiming)
            return default;
        var step = _candidacy.Next(now, _claim != 0);
        if (step.Kind == ClaimStepKind.Claim)
            BeginClaim();
        return step;
    }

    /// <summary>A claim is about to be proposed.</summary>
    public void BeginClaim()
    {
        _claim = 0;
        IsClaiming = true;
        _provenAt = null;
    }

    /// <summary>The claim was granted; active once the feed has reached it.</summary>
    public void Claimed(ulong epoch, TimeSpan now)
    {
        _claim = epoch;
        _candidacy.Claimed(now);
        Settle(now);
    }

    /// <summary>The claim was refused: another manager holds it.</summary>
    public void ClaimRefused() => Release();

    /// <summary>The state machine refused our epoch: stop at once, even if the feed has not told yet.</summary>
    public void Refused(ulong epoch)
    {
        if (_claim == epoch)
            Release();
    }

    /// <summary>This manager is active no more, whoever comes next. The claim itself ends with the next one.</summary>
    public void Release()
    {
        _claim = 0;
        IsClaiming = false;
        _provenAt = null;
    }

    /// <summary>
    /// The feed has reached a read index that was asked for at <paramref name="askedAt"/>: if it shows our epoch now, ours was the newest claim then.
    /// </summary>
    public void Proven(TimeSpan askedAt, TimeSpan now)
    {
        if (Defects.HasFlag(LeaseDefects.ProveFromTheAnswer))
            askedAt = now;
        if (IsActive && (_provenAt is null || _provenAt < askedAt))
            _provenAt = askedAt;
    }

    /// <summary>The next batch of the lease feed.</summary>
    public void Apply(LeaseBatch batch, TimeSpan now)
    {
        if (batch.Reset)
            _lessor.Reset();
        foreach (var change in batch.Changes)
        {
            if (change.Removed)
                _lessor.Removed(change.Id);
            else if (change.IsCheckpoint)
                _lessor.Checkpointed(change.Id, change.RemainingSeconds);
            else
                _lessor.Granted(change.Id, change.TtlSeconds, now, change.RemainingSeconds, change.GrantedAt);
        }
        if (batch.Reset)
            _lessor.EndReset();
        _lessor.NextV2DeadlineUnixNanos = batch.NextV2ExpiryUnixNanos;
        _feedEpoch = batch.Claim.Epoch;
        Applied = batch.AppliedIndex;
        if (_highestApplied < Applied)
            _highestApplied = Applied;
        (_revision, _term) = (batch.Revision, batch.Term);
        _candidacy.Saw(batch.Claim, now);
        Settle(now);
    }

    /// <summary>Gives a lease its full TTL again. One that is not answered yet has come in time all the same: <see cref="Lessor.Asked"/>.</summary>
    /// <param name="id">The lease.</param>
    /// <param name="minApplied">The newest log index the caller has seen.</param>
    /// <param name="now">The time.</param>
    /// <param name="result">The answer.</param>
    /// <param name="isProofAging">The next proof should be under way.</param>
    public KeepAliveOutcome KeepAlive(long id, LogIndex minApplied, TimeSpan now, out KeepAliveResult result, out bool isProofAging)
    {
        var outcome = TryKeepAlive(id, minApplied, now, out result, out isProofAging);
        if (outcome != KeepAliveOutcome.Answered)
            _lessor.Asked(id, now);
        return outcome;
    }

    /// <summary>False: not ready.</summary>
    public bool TryTimeToLive(long id, LogIndex minApplied, TimeSpan now, out TimeToLiveResult result)
    {
        result = default;
        if (!IsReady(minApplied))
            return false;
        var (remaining, granted) = _lessor.TimeToLive(id, now);
        result = new TimeToLiveResult(remaining, granted, _revision, _term);
        return true;
    }

    /// <summary>False: not ready.</summary>
    public bool TryList(LogIndex minApplied, out LeaseListResult result)
    {
        result = null!;
        if (!IsReady(minApplied))
            return false;
        result = new LeaseListResult(_lessor.List(), _revision, _term);
        return true;
    }

    /// <summary>Active, and the feed has reached an index and whatever it had reached before it started over.</summary>
    public bool IsReady(LogIndex minApplied) => IsActive && !IsBehind(minApplied);

    /// <summary>What the feed has to reach for <see cref="IsReady"/>.</summary>
    public LogIndex Needed(LogIndex minApplied) => minApplied < _highestApplied ? _highestApplied : minApplied;

    /// <summary>Takes leases whose time is over, with the epoch and the log index under which that was decided.</summary>
    public bool TakeExpired(TimeSpan now, int max, List<long> ids, out ulong epoch, out LogIndex known)
    {
        (epoch, known) = (_claim, Applied);
        if (IsActive)
            _lessor.TakeExpired(now, max, ids);
        return ids.Count > 0;
    }

    public void ExpiryDone(IEnumerable<long> ids, TimeSpan now) => _lessor.ExpiryDone(ids, now);

    public void ExpiryFailed(IEnumerable<long> ids, TimeSpan retryAt) => _lessor.ExpiryFailed(ids, retryAt);

    /// <summary>Takes checkpoints that are due or to be forgotten; epoch and index as in <see cref="TakeExpired"/>.</summary>
    public bool TakeCheckpoints(TimeSpan now, int max, List<(long Id, long RemainingSeconds)> into, out ulong epoch, out LogIndex known)
    {
        (epoch, known) = (_claim, Applied);
        if (IsActive)
            _lessor.TakeCheckpoints(now, max, into);
        return into.Count > 0;
    }

    public void CheckpointDone(IEnumerable<long> ids) => _lessor.CheckpointDone(ids);

    private KeepAliveOutcome TryKeepAlive(long id, LogIndex minApplied, TimeSpan now, out KeepAliveResult result, out bool isProofAging)
    {
        result = default;
        isProofAging = false;
        // A lease that is known here may be another one by now, granted again under its id: that promise would be about something else.
        if (!IsReady(minApplied))
            return KeepAliveOutcome.NotReady;
        if (!Defects.HasFlag(LeaseDefects.AnswerUnproven))
        {
            if (_provenAt is not { } proven || now - proven > ClaimTiming.MaxProofAge)
                return KeepAliveOutcome.Unproven;
            isProofAging = now - proven > ClaimTiming.MaxProofAge / 2;
        }
        if (!_lessor.TryKeepAlive(id, now, out var ttl))
            return KeepAliveOutcome.Checkpointed;
        result = new KeepAliveResult(ttl, _revision, _term);
        return KeepAliveOutcome.Answered;
    }

    private bool IsBehind(LogIndex minApplied) =>
        !Defects.HasFlag(LeaseDefects.AnswerBehind) && (Applied < minApplied || Applied < _highestApplied);

    private void Settle(TimeSpan now)
    {
        if (_claim == 0)
            return;
        if (_feedEpoch > _claim)
        {
            Release();
        }
        else if (IsActive)
        {
            IsClaiming = false;
            if (_activated == _claim)
                return;
            _activated = _claim;
            _lessor.Activate(now, ClaimTiming.Grace);
        }
    }
}
