using System.Buffers.Binary;
using Consensus.Contracts;
using Google.Protobuf;
using LeaseManager.Contracts;
using LeaseManager.Core;
using LeaseManager.Core.Claims;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace Simulation.Leases;

/// <summary>The core of a lease manager with a shell as the host has it, in the world's time: one feed, one session, proposals that are made again until they are answered.</summary>
internal sealed class SimulatedManager
{
    private const int Batch = 3, BatchesInFlight = 2, RetryMs = 300, StepMs = 50;
    private static readonly TimeSpan s_expireRetry = TimeSpan.FromMilliseconds(500);

    private readonly LeaseWorld _world;
    private readonly LeaseAuthority _authority;
    private readonly SessionId _session;
    private readonly double _rate;
    private readonly double _offset;
    private readonly SortedDictionary<ulong, Action<CommandResult>> _pending = [];
    private readonly List<(ulong Index, Action Reached)> _waiting = [];
    private ulong _sequence;
    private ulong? _fed;
    private int _expiries, _checkpoints;
    private bool _isClaimStepUnderWay, _isProving;

    public SimulatedManager(LeaseWorld world, int number, ulong session)
    {
        (_world, Number, _session) = (world, number, new SessionId(session));
        (_rate, _offset) = (1 + (((world.Random.NextDouble() * 2) - 1) * LeaseProfile.MaxDrift), world.Random.Next(1_000_000));
        var interval = TimeSpan.FromMilliseconds(world.Profile.CheckpointInterval);
        _authority = new LeaseAuthority(interval, world.Profile.Defects);
    }

    public int Number { get; }

    public bool IsDead { get; private set; }

    /// <summary>World time until which nothing runs here.</summary>
    public double PausedUntil { get; set; }

    /// <summary>World time until which the feed stands still.</summary>
    public double FeedHeldUntil { get; set; }

    /// <summary>World time until which proposals are lost.</summary>
    public double CutUntil { get; set; }

    /// <summary>World time until which no read index is had.</summary>
    public double UnreadUntil { get; set; }

    /// <summary>Was told to stop, and gives its claim up.</summary>
    public bool IsStopping { get; private set; }

    public bool IsActive => !IsDead && _authority.IsActive;

    private TimeSpan Now => TimeSpan.FromMilliseconds((_world.Now * _rate) + _offset);

    private bool Runs => !IsDead && _world.Now >= PausedUntil;

    public void Die() => IsDead = true;

    /// <summary>Another feed, of a replica that may be behind.</summary>
    public void ResetFeed(ulong behind)
    {
        if (Runs && _fed is { } fed)
            Feed(null, fed > behind ? fed - behind : 0);
    }

    /// <summary>The feed tells what is new, then whatever is due is done.</summary>
    public void Step()
    {
        if (!Runs)
            return;
        if (_world.Now >= FeedHeldUntil && _fed != _world.Log.Last)
        {
            // Not always all there is.
            var first = _fed ?? 0;
            Feed(_fed, first + 1 + (ulong)_world.Random.NextInt64((long)(_world.Log.Last - first + (_fed is null ? 1UL : 0))) - (_fed is null ? 1UL : 0));
        }
        StepClaim();
        Expire();
        Checkpoint();
    }

    /// <summary>Claims without being asked to, as the manager beside a new leader does.</summary>
    public void Coup()
    {
        if (!Runs || _isClaimStepUnderWay)
            return;
        _authority.BeginClaim();
        ProposeClaim(new LeaseClaim { Manager = $"{Number}" });
    }

    /// <summary>Gives the claim up, as a manager that is told to stop, and dies when that is done.</summary>
    public void Stop()
    {
        if (!Runs || _isClaimStepUnderWay)
            return;
        _isClaimStepUnderWay = IsStopping = true;
        var epoch = _authority.Claim;
        _authority.Release();
        Propose(CommandKind.LeaseHold, new LeaseHold { Epoch = epoch, Released = true }, _ => Die());
    }

    /// <returns>False: ask again, here or elsewhere.</returns>
    public bool TryKeepAlive(long id, ulong minApplied)
    {
        if (!Runs)
            return false;
        var outcome = _authority.KeepAlive(id, new LogIndex(minApplied), Now, out var result, out var isAging);
        if (outcome == KeepAliveOutcome.Unproven || isAging)
            Prove();
        if (outcome == KeepAliveOutcome.Checkpointed)
            Checkpoint();
        if (outcome != KeepAliveOutcome.Answered)
        {
            if (IsActive && _authority.Claim == _world.Log.Current.Claim.Epoch)
                _world.Truth.Asked(id, _authority.Claim, _world.Now);
            return false;
        }
        _world.Tell($"manager {Number} answers lease {id}: {result.TtlSeconds}");
        _world.Truth.Answered(Number, id, result.TtlSeconds, minApplied, _world.Now);
        return true;
    }

    private void Feed(ulong? from, ulong to)
    {
        _authority.Apply(_world.Log.Feed(from, to), Now);
        _fed = to;
        foreach (var (_, reached) in _waiting.Where(one => one.Index <= to).ToList())
            reached();
        _waiting.RemoveAll(one => one.Index <= to);
    }

    private void WhenFed(ulong index, Action then)
    {
        if (_fed >= index)
            then();
        else
            _waiting.Add((index, then));
    }

    private void StepClaim()
    {
        if (_isClaimStepUnderWay)
            return;
        var step = _authority.NextClaimStep(Now);
        var epoch = _authority.Claim;
        switch (step.Kind)
        {
            case ClaimStepKind.Claim:
                ProposeClaim(new LeaseClaim { Manager = $"{Number}", Replaces = step.Replaces.Epoch, HeldIndex = step.Replaces.HeldAt.Value });
                break;
            case ClaimStepKind.Hold:
                ProposeStep(CommandKind.LeaseHold, new LeaseHold { Epoch = epoch }, result =>
                {
                    if (result.Error == StorageError.StaleLeaseEpoch)
                        _authority.Refused(epoch);
                });
                break;
            case ClaimStepKind.Announce:
                ProposeStep(CommandKind.LeaseStandby, new LeaseStandby { Manager = $"{Number}" }, static _ => { });
                break;
        }
    }

    private void ProposeClaim(LeaseClaim claim) => ProposeStep(CommandKind.LeaseClaim, claim, result =>
    {
        if (result.Error != StorageError.None)
            _authority.ClaimRefused();
        else
            _authority.Claimed(BinaryPrimitives.ReadUInt64LittleEndian(result.Body.Span), Now);
    });

    private void ProposeStep(CommandKind kind, IMessage command, Action<CommandResult> done)
    {
        _isClaimStepUnderWay = true;
        Propose(kind, command, result =>
        {
            _isClaimStepUnderWay = false;
            done(result);
        });
    }

    private void Expire()
    {
        while (_expiries < BatchesInFlight)
        {
            var ids = new List<long>();
            if (!_authority.TakeExpired(Now, Batch, ids, out var epoch, out var known))
                return;
            _expiries++;
            Propose(CommandKind.LeaseExpire, new LeaseExpire { Epoch = epoch, Ids = { ids }, KnownIndex = known.Value }, result =>
            {
                switch (result.Error)
                {
                    case StorageError.None:
                        WhenFed(result.Index.Value, () =>
                        {
                            _expiries--;
                            _authority.ExpiryDone(ids, Now);
                        });
                        return;
                    case StorageError.StaleLeaseEpoch:
                        _authority.Refused(epoch);
                        break;
                    default:
                        _authority.ExpiryFailed(ids, Now + s_expireRetry);
                        break;
                }
                _expiries--;
            });
        }
    }

    private void Checkpoint()
    {
        if (_checkpoints > 0)
            return;
        var taken = new List<(long Id, long RemainingSeconds)>();
        if (!_authority.TakeCheckpoints(Now, Batch, taken, out var epoch, out var known))
            return;
        _checkpoints++;
        var ids = taken.ConvertAll(static one => one.Id);
        var command = new LeaseCheckpoints
        {
            Epoch = epoch, KnownIndex = known.Value, Ids = { ids }, RemainingSeconds = { taken.Select(static one => one.RemainingSeconds) },
        };
        Propose(CommandKind.LeaseCheckpoints, command, result =>
        {
            _checkpoints--;
            if (result.Error == StorageError.StaleLeaseEpoch)
            {
                _authority.Refused(epoch);
                return;
            }
            WhenFed(result.Index.Value, () => _authority.CheckpointDone(ids));
        });
    }

    private void Prove()
    {
        if (_isProving)
            return;
        _isProving = true;
        var asked = Now;
        // The index is one that was committed at some moment between question and answer.
        _world.After(_world.Delay(), () =>
        {
            var index = _world.Log.Last;
            var isLost = _world.Now < UnreadUntil;
            _world.After(_world.Delay() + (isLost ? RetryMs : 0), () => OnRunning(() =>
            {
                if (isLost)
                {
                    _isProving = false;
                    return;
                }
                WhenFed(_world.Profile.ShellDefects.HasFlag(LeaseShellDefects.ProveWithoutFeed) ? 0 : index, () =>
                {
                    _isProving = false;
                    _authority.Proven(asked, Now);
                });
            }));
        });
    }

    private void Propose(CommandKind kind, IMessage command, Action<CommandResult> done)
    {
        var sequence = ++_sequence;
        _pending.Add(sequence, done);
        Send(kind, command, sequence);
    }

    // Again until there is a result, under the same sequence. What was sent arrives, late or twice, whatever becomes of this manager.
    private void Send(CommandKind kind, IMessage command, ulong sequence)
    {
        var lowest = _pending.First().Key;
        if (_world.Now >= CutUntil && !_world.Loses())
        {
            _world.After(_world.Delay(), () =>
            {
                var result = _world.Commit(kind, command, _session, sequence, lowest);
                if (!_world.Loses())
                    _world.After(_world.Delay(), () => OnRunning(() => Complete(sequence, result)));
            });
        }
        _world.After(RetryMs + (2 * _world.Profile.MaxDelay), () => OnRunning(() =>
        {
            if (_pending.ContainsKey(sequence))
                Send(kind, command, sequence);
        }));
    }

    private void Complete(ulong sequence, in CommandResult result)
    {
        if (_pending.Remove(sequence, out var done))
            done(result);
    }

    // What comes while a process is stopped is there when it goes on.
    private void OnRunning(Action action)
    {
        if (IsDead)
            return;
        if (_world.Now < PausedUntil)
            _world.After(Math.Min(PausedUntil - _world.Now, StepMs), () => OnRunning(action));
        else
            action();
    }
}
