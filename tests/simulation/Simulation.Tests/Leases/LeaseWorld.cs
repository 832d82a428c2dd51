using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using LeaseManager.Core.Claims;
using Simulation.Checks;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace Simulation.Leases;

/// <summary>Lease managers on one log, gateways that grant and revoke, clients that keep alive, and faults, in one thread and virtual time under a seed.</summary>
internal sealed partial class LeaseWorld
{
    private const int StepMs = 25, MoveFeedsMs = 900;
    private const ulong GatewaySession = 1;

    // From the end of all faults until some manager holds the claim for good: the silence of a dead one, by slow clocks, and what is on its way.
    private const double TakeoverMs = 2000;

    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly List<SimulatedManager> _managers = [];
    private readonly bool _keepsTrace;
    private long _order;
    private ulong _sessions = GatewaySession;
    private ulong _gatewaySequence;
    private bool _isCalm;

    public LeaseWorld(int seed, LeaseProfile profile, bool keepsTrace)
    {
        (Random, Profile, _keepsTrace) = (new Random(seed), profile, keepsTrace);
        for (var number = 0; number < profile.Managers; number++)
            Begin(number);
    }

    public Random Random { get; }

    public LeaseProfile Profile { get; }

    public LeaseLog Log { get; } = new();

    public LeaseTruth Truth { get; } = new();

    public List<string> History { get; } = [];

    /// <summary>Milliseconds since the beginning.</summary>
    public double Now { get; private set; }

    public int Takeovers { get; private set; }

    public int Checkpoints { get; private set; }

    public double Delay() => _isCalm ? Random.Next(1, 5) : Random.NextDouble() * Profile.MaxDelay;

    public bool Loses() => !_isCalm && Random.NextDouble() < Profile.LossRate;

    public void After(double ms, Action action) => _events.Enqueue(action, (Now + ms, _order++));

    public void Tell(string what)
    {
        if (_keepsTrace)
            History.Add(FormattableString.Invariant($"{Now,9:F1}  {what}"));
    }

    public void Run()
    {
        for (var lease = 1; lease <= Profile.Leases; lease++)
            LiveLease(lease);
        InjectFaults();
        RunUntil(Profile.Length);
        Calm();
    }

    /// <summary>A command reaches the log: it takes effect now.</summary>
    public CommandResult Commit(CommandKind kind, IMessage command, SessionId session, ulong sequence, ulong lowestPending)
    {
        var before = Log.Current;
        var result = Log.Apply(kind, Forged(command), session, sequence, lowestPending);
        Tell($"index {Log.Last}: {kind} {command} of {session.Value}: {result.Error}");
        foreach (var number in Enumerable.Range(0, (int)(Log.Current.Changes.Next - before.Changes.Next)))
        {
            var change = Log.Current.Changes[before.Changes.Next + number];
            if (change.IsCheckpoint)
                Checkpoints++;
            else if (!change.Removed)
                Truth.Granted(change.Id, change.TtlSeconds, Log.Last, Now);
            else if (kind == CommandKind.LeaseExpire)
                Truth.Expired(change.Id, before.Claim.Epoch, Now);
            else
                Truth.Revoked(change.Id);
        }
        if (Log.Current.Claim.Epoch > before.Claim.Epoch)
            Takeovers++;
        return result;
    }

    // What a state machine does that checks less.
    private IMessage Forged(IMessage command) => command switch
    {
        LeaseExpire expire when Profile.ShellDefects.HasFlag(LeaseShellDefects.ExpireUnderAnyClaim) => new LeaseExpire(expire) { Epoch = Log.Current.Claim.Epoch },
        LeaseExpire expire when Profile.ShellDefects.HasFlag(LeaseShellDefects.ExpireWithoutIndex) => new LeaseExpire(expire) { KnownIndex = ulong.MaxValue },
        LeaseCheckpoints checkpoints when Profile.ShellDefects.HasFlag(LeaseShellDefects.CheckpointUnderAnyClaim) =>
            new LeaseCheckpoints(checkpoints) { Epoch = Log.Current.Claim.Epoch },
        _ => command,
    };

    // That a feed starts over on another replica is no fault: it must not keep leases alive.
    private void MoveFeeds() => After(MoveFeedsMs, () =>
    {
        foreach (var manager in _managers)
            manager.ResetFeed(behind: 0);
        MoveFeeds();
    });

    private void Begin(int number)
    {
        var manager = new SimulatedManager(this, number, ++_sessions);
        if (number < _managers.Count)
            _managers[number] = manager;
        else
            _managers.Add(manager);
        Tell($"manager {number} starts");
        Step(manager);
    }

    private void Step(SimulatedManager manager)
    {
        if (manager.IsDead)
            return;
        manager.Step();
        After(Random.NextDouble() * 2 * StepMs, () => Step(manager));
    }

    private void RunUntil(double end)
    {
        while (_events.TryPeek(out _, out var at) && at.At <= end)
        {
            Now = at.At;
            _events.Dequeue()();
        }
        Now = end;
    }

    /// <summary>A gateway grants a lease, a client keeps it alive for a while or not, somebody may revoke it; then all that again under the same id.</summary>
    private void LiveLease(long id)
    {
        After(Random.Next(2000), () =>
        {
            if (_isCalm)
                return;
            // The longest outlives several checkpoints of the shorter interval.
            var ttl = Random.NextDouble() < Profile.LongRate ? Random.Next(10, 40) : Random.Next(2, 6);
            Propose(CommandKind.LeaseGrant, new LeaseGrantRequest { ID = id, TTL = ttl });
            if (Random.NextDouble() < Profile.KeptRate)
                KeepAlive(id, Now + Random.Next(Profile.KeptFor));
            if (Random.Next(3) == 0)
                After(Random.Next(8000), () => Propose(CommandKind.LeaseRevoke, new LeaseRevokeRequest { ID = id }));
            After(Random.Next(1000, 20_000), () => LiveLease(id));
        });
    }

    private void KeepAlive(long id, double until) => After(Random.NextDouble() * 2 * Profile.KeepAliveEvery, () =>
    {
        if (_isCalm || Now > until)
            return;
        // Any manager may be asked: a gateway goes on until one answers. It has seen the grant, and not much more.
        AskAround(id, Truth.GrantedAt(id), attempts: 10);
        KeepAlive(id, until);
    });

    private void AskAround(long id, ulong minApplied, int attempts)
    {
        if (attempts > 0 && !_managers[Random.Next(_managers.Count)].TryKeepAlive(id, minApplied))
            After(Random.Next(1, 50), () => AskAround(id, minApplied, attempts - 1));
    }

    private void Propose(CommandKind kind, IMessage command)
    {
        var sequence = ++_gatewaySequence;
        Commit(kind, command, new SessionId(GatewaySession), sequence, sequence);
    }

    /// <summary>All faults stop, nobody keeps a lease alive any more, and the active manager dies: every lease has to end in time.</summary>
    private void Calm()
    {
        _isCalm = true;
        for (var number = 0; number < _managers.Count; number++)
        {
            var manager = _managers[number];
            manager.PausedUntil = manager.FeedHeldUntil = manager.CutUntil = manager.UnreadUntil = 0;
            if (manager.IsActive || manager.IsDead || manager.IsStopping)
            {
                manager.Die();
                Begin(number);
            }
        }
        var taken = Now + Profile.MaxDelay + TakeoverMs;
        RunUntil(taken);
        Check.That(_managers.Any(static manager => manager.IsActive), $"liveness: no manager is active at {Now:F0}, {TakeoverMs:F0} ms after the last fault");
        MoveFeeds();
        foreach (var lease in Log.Current.All().OrderBy(lease => LatestEnd(lease, taken)))
        {
            // Somebody may have asked once more meanwhile.
            while (Log.Current.KeysOf(lease.Id) is not null && Now < LatestEnd(lease, taken))
                RunUntil(LatestEnd(lease, taken));
            Check.That(Log.Current.KeysOf(lease.Id) is null, $"liveness: lease {lease.Id}, known at {taken:F0}, is still there at {Now:F0}");
        }
    }

    // What a successor may know is what replicated state says: the whole TTL, or what was left at the checkpoint. It may have been asked since, and what has come to it counts.
    private double LatestEnd(LeaseChange lease, double taken)
    {
        var milliseconds = 1000 * (lease.RemainingSeconds == 0 ? lease.TtlSeconds : lease.RemainingSeconds);
        var known = taken + ((milliseconds + ClaimTiming.Grace.TotalMilliseconds) / (1 - LeaseProfile.MaxDrift));
        return Math.Max(known, Truth.LatestEnd(lease.Id, Log.Current.Claim.Epoch)) + 500;
    }
}
