using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;

namespace WatchSimulation.World;

/// <summary>A session between a hub and a gateway: requests arrive in order, messages wait in a queue for whoever reads, and room goes back in quarters.</summary>
internal sealed class HubSessionEnd(SimulatedWorld world, SimulatedHub hub)
{
    private readonly Queue<OutgoingMessage> _queue = new();
    private HubSession? _session;
    private long _lastArrival;
    private int _takenMessages;
    private long _takenBytes;
    private bool _isClosing;

    /// <summary>Nothing more will be added to what can be read.</summary>
    public bool IsEnded { get; private set; }

    public bool IsEmpty => _queue.Count == 0;

    public SimulatedHub Hub => hub;

    public void Attach(HubSession session) => _session = session;

    public void Create(WatchSpec spec) => Request(core => core.Create(_session!, spec));

    public void Cancel(long watchId) => Request(core => core.Cancel(_session!, watchId));

    public void RequestProgress() => Request(core => core.RequestProgress(_session!));

    public void Deliver(IEnumerable<OutgoingMessage> messages)
    {
        if (IsEnded)
            return;
        foreach (var message in messages)
            _queue.Enqueue(message);
    }

    /// <summary>The hub wants it to go on elsewhere, and delivers until it has.</summary>
    public void AskToLeave()
    {
        if (!IsEnded)
            _queue.Enqueue(new OutgoingMessage(WatchMessage.Leave, 0, Storage.Contracts.KeySpace.V3));
    }

    public bool TryRead(out WatchMessage message)
    {
        message = default;
        if (!_queue.TryDequeue(out var outgoing))
            return false;
        message = outgoing.Message;
        // The shell's own word: it took no room.
        if (message.Kind == WatchMessageKind.Leave)
            return true;
        _takenMessages++;
        _takenBytes += outgoing.ChargedBytes;
        if (_takenMessages < (world.Profile.Limits.SessionMessages + 3) / 4 && _takenBytes < world.Profile.Limits.SessionBytes / 4)
            return true;
        var (messages, bytes) = (_takenMessages, _takenBytes);
        (_takenMessages, _takenBytes) = (0, 0);
        Request(core => core.Drained(_session!, messages, bytes));
        return true;
    }

    /// <summary>The hub is gone: nobody is there to be told anything.</summary>
    public void LoseHub()
    {
        Lose();
        _isClosing = true;
    }

    // Of what the hub had sent, some may still arrive.
    private void Lose()
    {
        IsEnded = true;
        var arrives = world.Random.Next(2) == 0 ? 0 : world.Random.Next(_queue.Count + 1);
        var arrived = _queue.Take(arrives).ToList();
        _queue.Clear();
        arrived.ForEach(_queue.Enqueue);
    }

    /// <summary>The connection broke, or the gateway left: the hub hears of it in its time.</summary>
    public void Close()
    {
        if (!IsEnded)
            Lose();
        if (_isClosing)
            return;
        _isClosing = true;
        hub.After(Arrival(), () =>
        {
            hub.Closed(this);
            hub.Post(core => core.CloseSession(_session!));
        });
    }

    private void Request(Action<HubCore> input)
    {
        if (!IsEnded)
            hub.After(Arrival(), () => hub.Post(input));
    }

    // In the order in which they were sent.
    private long Arrival()
    {
        _lastArrival = Math.Max(_lastArrival, world.Scheduler.Now + world.Delay(world.Profile.MaxNetworkDelay));
        return _lastArrival - world.Scheduler.Now;
    }
}
