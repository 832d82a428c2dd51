using Storage.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;

namespace WatchSimulation.World;

/// <summary>
/// A hub: the real core, and in place of its shell one that takes turns as that does, at any moment: inputs, catch-up, messages, requests for history.
/// </summary>
internal sealed class SimulatedHub(SimulatedWorld world, int number)
{
    private readonly List<Action<HubCore>> _inbox = [];
    private readonly List<HubSessionEnd> _sessions = [];
    private readonly List<HistoryRequest> _requests = [];
    private HubCore? _core;
    private FeedPump? _pump;
    private double _clockRate = 1;
    private long _life;
    private long _frozenUntil;
    private bool _turnPlanned;

    public int Number { get; } = number;

    /// <summary>It takes sessions: it runs and has heard from storage.</summary>
    public bool IsReady => _core is not null && _pump!.IsStarted;

    public bool IsFrozen => world.Scheduler.Now < _frozenUntil;

    public void Start()
    {
        if (_core is not null)
            return;
        world.Trace($"hub {Number} starts");
        _core = new HubCore(world.Profile.Space, world.Profile.Limits with { Defects = world.Profile.Defects });
        _clockRate = 1 + (world.Random.NextDouble() - 0.5) * world.Profile.Drift;
        _pump = new FeedPump(world, this);
        _pump.Start();
        Tick();
    }

    /// <summary>It ends at once; its sessions are lost with whatever was on its way.</summary>
    public void Crash()
    {
        if (_core is null)
            return;
        world.Trace($"hub {Number} crashes");
        (_core, _pump) = (null, null);
        _life++;
        _turnPlanned = false;
        _inbox.Clear();
        foreach (var session in _sessions)
            session.LoseHub();
        _sessions.Clear();
    }

    public void Freeze(int time)
    {
        world.Trace($"hub {Number} freezes for {time}");
        _frozenUntil = world.Scheduler.Now + time;
    }

    public void Thaw() => _frozenUntil = 0;

    public void BreakFeed() => _pump?.Break();

    public HubSessionEnd Open()
    {
        var session = new HubSessionEnd(world, this);
        _sessions.Add(session);
        Post(core => session.Attach(core.OpenSession(session, Now, world.Random.NextDouble())));
        return session;
    }

    public void Closed(HubSessionEnd session) => _sessions.Remove(session);

    /// <summary>Does something later, unless the hub has crashed by then; a frozen one does it when it goes on.</summary>
    public void After(long delay, Action what)
    {
        var life = _life;
        world.Scheduler.After(delay, () =>
        {
            if (life != _life)
                return;
            if (IsFrozen)
                After(_frozenUntil - world.Scheduler.Now, what);
            else
                what();
        });
    }

    /// <summary>Queues an input. Those that come before the turn is taken share it.</summary>
    public void Post(Action<HubCore> input)
    {
        _inbox.Add(input);
        PlanTurn();
    }

    // What its own clock shows.
    private TimeSpan Now => TimeSpan.FromMilliseconds(world.Scheduler.Now * _clockRate);

    private void PlanTurn()
    {
        if (_turnPlanned)
            return;
        _turnPlanned = true;
        After(world.Random.Next(3), Turn);
    }

    private void Turn()
    {
        _turnPlanned = false;
        var core = _core!;
        // Handling one may post another.
        for (var n = 0; n < _inbox.Count; n++)
            _inbox[n](core);
        _inbox.Clear();
        core.CatchUp(world.Profile.TurnRevisions);
        foreach (var session in core.DirtySessions)
        {
            ((HubSessionEnd)session.Owner!).Deliver(session.Staged);
            session.ClearStaged();
            Simulation.Checks.Check.That(!session.IsFailed, $"a session of hub {Number} failed");
        }
        core.DirtySessions.Clear();
        core.TakeHistoryRequests(_requests);
        foreach (var request in _requests)
            AskHistory(request);
        _requests.Clear();
        if (core.HasCatchUpWork)
            PlanTurn();
    }

    // As the shell's reader of history: a replica that has nothing to say yet is asked again.
    private void AskHistory(HistoryRequest request) => After(1 + world.Delay(world.Profile.MaxHistoryDelay), () =>
    {
        var replica = world.AnyReplica();
        var batch = replica.History(request.Key, request.RangeEnd, request.From, request.To, request.MaxBytes);
        if (world.Profile.ShellDefects == ShellDefects.HistoryOfReplicaBehind && batch.CompactRevision == 0)
            batch = batch with { NextRevision = request.To };
        if (batch.CompactRevision == 0 && batch.NextRevision <= request.From)
        {
            AskHistory(request);
            return;
        }
        world.Counts.Histories++;
        // On its way back.
        After(1 + world.Delay(world.Profile.MaxHistoryDelay), () => Post(core => core.HistoryArrived(request, batch)));
    });

    private void Tick() => After(10 + world.Random.Next(20), () =>
    {
        if (_core!.ProgressWatchers > 0)
            Post(core => core.Tick(Now));
        Tick();
    });
}
