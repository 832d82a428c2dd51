using Storage.Contracts;

namespace LeaseManager.Core.Claims;

/// <summary>
/// When a manager that nobody elects should claim, hold its claim, or say that it stands by. It sees the claim in the lease feed and is told the time; it decides
/// nothing about leases: who is wrong here takes a claim from a manager that lives, which costs time and harms no lease. Not thread-safe.
/// </summary>
/// <remarks>
/// A holder is silent when, counted here, <see cref="ClaimTiming.Silence"/> has passed since its last sign of life was fed, and since a manager began to say that it
/// stands by: before that nobody expected a sign. The claim that follows names the sign after which it was silent, so it is refused when there was another.
/// </remarks>
public sealed class Candidacy
{
    // Announcements further apart than this begin anew what silence is counted from. Less than StandbyMemory by more than any of them takes to be applied.
    private static readonly TimeSpan s_gap = ClaimTiming.StandbyMemory / 2;

    private bool _isFollowing;
    private ClaimState _seen;

    // When the last sign of life of the holder was fed, and the last announcement; null: none since we follow.
    private TimeSpan _signAt;
    private TimeSpan? _standbyAt;
    private TimeSpan? _countedFrom;
    private TimeSpan? _announcedAt;
    private TimeSpan? _claimedAt;
    private TimeSpan? _heldAt;

    // What was last claimed, and when: refused, it is not claimed again before the feed has told why, or some time has passed.
    private ClaimState? _tried;
    private TimeSpan _triedAt;

    /// <summary>Mistakes put in on purpose.</summary>
    internal LeaseDefects Defects { get; init; }

    /// <summary>Somebody holds the claim, as far as can be told without waiting.</summary>
    public bool IsHeldByAnother(TimeSpan now) => _isFollowing && _seen is { Epoch: not 0, IsReleased: false } && now - _signAt < ClaimTiming.Silence;

    /// <summary>The feed shows this claim.</summary>
    public void Saw(ClaimState claim, TimeSpan now)
    {
        if (!_isFollowing || claim.Epoch != _seen.Epoch || claim.HeldAt != _seen.HeldAt)
            _signAt = now;
        // What was announced before we followed may be of any age.
        if (_isFollowing && claim.StandbyAt != _seen.StandbyAt)
        {
            if (_standbyAt is null || now - _standbyAt > s_gap)
                _countedFrom = now;
            _standbyAt = now;
        }
        (_isFollowing, _seen) = (true, claim);
    }

    /// <summary>A claim of this manager was made. Whoever stood by until now may still do so, and waits for signs of life.</summary>
    public void Claimed(TimeSpan now) => (_claimedAt, _heldAt) = (now, now);

    /// <summary>What to propose now. It counts as proposed; a next one follows when its outcome is known.</summary>
    /// <param name="now">The time.</param>
    /// <param name="holds">This manager holds the claim, as far as it knows.</param>
    public ClaimStep Next(TimeSpan now, bool holds)
    {
        if (NextAt(holds) is not { } at || at > now)
            return default;
        if (holds)
        {
            _heldAt = now;
            return new ClaimStep(ClaimStepKind.Hold);
        }
        if (ClaimAt() <= now)
        {
            (_tried, _triedAt) = (_seen, now);
            return new ClaimStep(ClaimStepKind.Claim, _seen);
        }
        _announcedAt = now;
        return new ClaimStep(ClaimStepKind.Announce);
    }

    /// <summary>When <see cref="Next"/> may have something; null: not before something else happens.</summary>
    public TimeSpan? NextAt(bool holds)
    {
        if (!_isFollowing)
            return null;
        if (holds)
        {
            var hold = Later(_heldAt, ClaimTiming.HoldInterval);
            // Nobody has said for long that it stands by: the next sign is due when somebody does.
            return hold <= _standbyAt + ClaimTiming.StandbyMemory || hold <= _claimedAt + ClaimTiming.StandbyMemory ? hold : null;
        }
        var announce = Later(_announcedAt, ClaimTiming.AnnounceInterval);
        return ClaimAt() is { } claim && claim < announce ? claim : announce;
    }

    private TimeSpan? ClaimAt()
    {
        var notBefore = _tried is { } tried && (tried.Epoch, tried.HeldAt) == (_seen.Epoch, _seen.HeldAt) ? _triedAt + ClaimTiming.HoldInterval : TimeSpan.MinValue;
        if (_seen.Epoch == 0 || _seen.IsReleased)
            return notBefore;
        if (_countedFrom is not { } from || Defects.HasFlag(LeaseDefects.NeverTakeOver))
            return null;
        var silent = (from > _signAt ? from : _signAt) + ClaimTiming.Silence;
        return silent > notBefore ? silent : notBefore;
    }

    private static TimeSpan Later(TimeSpan? last, TimeSpan interval) => last is { } at ? at + interval : TimeSpan.MinValue;
}
