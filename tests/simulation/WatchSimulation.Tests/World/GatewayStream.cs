using ApiGateway.Core.Watching;
using WatchHub.Contracts;

namespace WatchSimulation.World;

/// <summary>One client's stream in a gateway: the real rules of watch streams, on one hub session after the other.</summary>
internal sealed class GatewayStream
{
    private readonly SimulatedWorld _world;
    private readonly Gateway _gateway;
    private readonly SimulatedClient _client;
    private readonly WatchStream _watches = new();

    // v2: where the gateway was when a watch was asked for.
    private readonly Dictionary<long, long> _began = [];
    private HubSessionEnd? _session;
    private bool _isEnded;
    private long _stalledUntil;

    public GatewayStream(SimulatedWorld world, Gateway gateway, SimulatedClient client)
    {
        (_world, _gateway, _client) = (world, gateway, client);
        OpenSession();
        AskBookmark();
    }

    public Gateway Gateway => _gateway;

    public bool HasWatches => _watches.HasWatches;

    public HubSessionEnd? Session => _session;

    public void Handle(in WatchCommand command)
    {
        switch (command.Kind)
        {
            case WatchCommandKind.Create:
                _began[command.WatchId] = _gateway.Seen.Revision;
                Simulation.Checks.Check.That(_watches.TryCreate(command, _gateway.Seen, SimulatedWorld.Term.Value, out var spec, out _), $"a watch was refused");
                _session?.Create(Spoilt(spec!));
                break;
            case WatchCommandKind.Cancel:
                if (_watches.TryCancel(command.WatchId, out var hubId))
                    _session?.Cancel(hubId);
                break;
            case WatchCommandKind.Progress:
                if (_watches.TryAskProgress())
                    _session?.RequestProgress();
                break;
        }
    }

    /// <summary>The client reads nothing for a while.</summary>
    public void Stall(long time) => _stalledUntil = _world.Scheduler.Now + time;

    public void LoseSession()
    {
        if (_session is null)
            return;
        _world.Trace($"client {_client.Number} loses its session on hub {_session.Hub.Number}");
        _session.Close();
    }

    public void End()
    {
        _isEnded = true;
        _session?.Close();
        _session = null;
    }

    private void OpenSession() => _world.Scheduler.After(1 + _world.Random.Next(20), () =>
    {
        if (_isEnded)
            return;
        if (_world.AnyHub() is { } hub)
            Use(hub.Open());
        else
            OpenSession();
    });

    private void Use(HubSessionEnd session)
    {
        _watches.Resume(_gateway.Seen, SimulatedWorld.Term.Value, out var specs, out var canceled);
        foreach (var reply in canceled)
            _client.Hear(reply);
        foreach (var spec in specs)
            session.Create(Spoilt(spec, isResumed: true));
        if (_watches.IsProgressAsked)
            session.RequestProgress();
        _world.Counts.Sessions++;
        _session = session;
        Read(session);
    }

    // The next is opened while this one delivers.
    private void Leave(HubSessionEnd session) => _world.Scheduler.After(1 + _world.Random.Next(20), () =>
    {
        if (_isEnded || _session != session || session.IsEnded || _world.AnyHub() is not { } hub)
            return;
        _world.Trace($"client {_client.Number} moves from hub {session.Hub.Number} to hub {hub.Number}");
        _world.Counts.Moves++;
        session.Close();
        Use(hub.Open());
    });

    private WatchSpec Spoilt(WatchSpec asked, bool isResumed = false) =>
        Spoilt(_world.Profile.ShellDefects, _world.Profile.Space == Storage.Contracts.KeySpace.V3 ? asked : OfPath(asked), isResumed);

    // Ids are not used twice here, so the hub's are the client's.
    private WatchSpec OfPath(WatchSpec asked) => asked with
    {
        Space = Storage.Contracts.KeySpace.V2,
        MinRevision = _world.Profile.ShellDefects == ShellDefects.GatewayBeginsAnew ? asked.MinRevision : _began[asked.WatchId],
        ProgressNotify = false,
    };

    private static WatchSpec Spoilt(ShellDefects defect, WatchSpec spec, bool isResumed) => defect switch
    {
        ShellDefects.GatewayResumesEarly when isResumed && spec.StartRevision > 1 => spec with { StartRevision = spec.StartRevision - 1 },
        ShellDefects.GatewayResumesLate when isResumed && spec.StartRevision > 0 => spec with { StartRevision = spec.StartRevision + 1 },
        ShellDefects.GatewayForgetsSeen => spec with { MinRevision = 0, MinCompacted = 0 },
        _ => spec,
    };

    private void Read(HubSessionEnd session) => _world.Scheduler.After(
        Math.Max(1 + _world.Delay(_world.Profile.MaxReadDelay), _world.IsCalm ? 0 : _stalledUntil - _world.Scheduler.Now), () =>
    {
        if (_isEnded || _session != session)
            return;
        for (var n = 1 + _world.Random.Next(_world.IsCalm ? 64 : _world.Profile.ReadMessages); n > 0 && session.TryRead(out var message); n--)
        {
            if (message.Kind == WatchMessageKind.Leave)
                Leave(session);
            _gateway.Observe(message.Revision);
            if (_watches.TryAccept(message, out var reply))
                _client.Hear(reply);
        }
        if (!session.IsEnded || !session.IsEmpty)
        {
            Read(session);
            return;
        }
        session.Close();
        _session = null;
        OpenSession();
    });

    private void AskBookmark() => _world.Scheduler.After(1 + _world.Random.Next(_world.Profile.BookmarkEvery), () =>
    {
        if (_isEnded)
            return;
        if (_watches.HasWatches)
            _session?.RequestProgress();
        AskBookmark();
    });
}
